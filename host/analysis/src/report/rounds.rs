//! Rounds in the report: how long each took and with what, where checklists divide them, and what held the end up.

use std::fmt::{self, Write};

use massgen_logs::facts::{AttemptFacts, ChecklistShare, Facts, RoundFacts};

use super::escape::inline;
use super::sections::{each, or_none, percent, seconds, table};

/// Rounds that are listed; a run of many agents has hundreds.
const SHOWN_MAX: usize = 60;

/// What holds an end up most.
const BOTTLENECKS: usize = 3;

/// Every round, by agent.
pub(super) fn rounds(out: &mut String, facts: &Facts) -> fmt::Result {
    let all = each(facts, |attempt| &attempt.agents).flat_map(|(attempt, agent)| {
        agent.round_list.iter().map(move |round| (attempt, agent, round))
    });
    let count = all.clone().count();
    let rows = all.take(SHOWN_MAX).map(|(attempt, agent, round)| {
        [
            attempt.attempt.to_string(),
            inline(&agent.id),
            round.round.to_string(),
            inline(&round.kind),
            round.outcome.to_string(),
            format!("{}–{}", seconds(round.start_ms), seconds(round.start_ms + round.wall_ms)),
            seconds(round.wall_ms),
            seconds(round.exec_ms),
            seconds(round.think_ms),
            or_none(round.spend.as_ref().map(|spend| format!("${:.6}", spend.cost_usd))),
        ]
    });
    let head = [
        "Attempt",
        "Agent",
        "Round",
        "Type",
        "Outcome",
        "From–to",
        "Total",
        "Tools",
        "Without tools",
        "Cost",
    ];
    table(out, head, rows)?;
    if count > SHOWN_MAX {
        writeln!(out, "{} more rounds are in `massgen logs facts --json`.\n", count - SHOWN_MAX)?;
    }
    Ok(())
}

/// Evaluation against implementation, where agents went through checklists.
pub(super) fn checklists(out: &mut String, facts: &Facts) -> fmt::Result {
    let scopes = facts.attempts.iter().flat_map(|attempt| {
        let scopes = [
            ("all rounds with a checklist", &attempt.checklist),
            ("those that proposed", &attempt.checklist_with_proposal),
        ];
        scopes.into_iter().filter_map(move |(scope, share)| Some((attempt, scope, share.as_ref()?)))
    });
    let mut scopes = scopes.peekable();
    if scopes.peek().is_none() {
        return Ok(());
    }
    let row = |(attempt, scope, share): (&AttemptFacts, &str, &ChecklistShare)| {
        [
            attempt.attempt.to_string(),
            scope.to_string(),
            share.rounds.to_string(),
            format!("{} ({})", seconds(share.evaluation_ms), percent(share.evaluation_share)),
            seconds(share.to_propose_ms),
            format!(
                "{} ({})",
                seconds(share.implementation_ms),
                percent(share.implementation_share)
            ),
            seconds(share.post_checklist_ms),
        ]
    };
    let head = [
        "Attempt",
        "Scope",
        "Rounds",
        "Evaluation",
        "To the proposal",
        "Implementation",
        "After a checklist without one",
    ];
    table(out, head, scopes.map(row))
}

/// The pieces of the critical path that took most: what would have to be faster for an earlier end.
pub(super) fn bottlenecks(out: &mut String, facts: &Facts) -> fmt::Result {
    let mut pieces: Vec<(u64, String)> = Vec::new();
    for attempt in &facts.attempts {
        let share = |ms: u64| percent(ms as f64 / attempt.wall_ms.max(1) as f64);
        let number = attempt.attempt;
        if attempt.lead_in_ms > 0 {
            let share = share(attempt.lead_in_ms);
            pieces.push((
                attempt.lead_in_ms,
                format!("attempt {number}: before the first round ({share} of the wall time)"),
            ));
        }
        for leg in &attempt.critical_path {
            let Some(round) = round_of(attempt, &leg.agent, leg.round) else { continue };
            let place = format!("events.jsonl:{}-{}", leg.line, leg.end_line);
            for (ms, what) in [(round.think_ms, "without tools"), (round.exec_ms, "in tools")] {
                let (agent, share) = (inline(&leg.agent), share(ms));
                let text = format!(
                    "attempt {number}: {agent} round {} {what} ({share} of the wall time), {place}",
                    leg.round
                );
                pieces.push((ms, text));
            }
        }
    }
    pieces.sort_by_key(|(ms, _)| std::cmp::Reverse(*ms));
    pieces.retain(|(ms, _)| *ms > 0);
    if pieces.is_empty() {
        return Ok(());
    }
    writeln!(out, "Top bottlenecks on the critical path:\n")?;
    for (at, (ms, text)) in pieces.iter().take(BOTTLENECKS).enumerate() {
        writeln!(out, "{}. {}: {text}", at + 1, seconds(*ms))?;
    }
    writeln!(out)
}

fn round_of<'a>(attempt: &'a AttemptFacts, agent: &str, round: usize) -> Option<&'a RoundFacts> {
    let agent = attempt.agents.iter().find(|known| known.id == agent)?;
    agent.round_list.iter().find(|facts| facts.round == round)
}
