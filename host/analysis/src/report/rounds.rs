//! Rounds in the report: durations, checklists and bottlenecks.

use std::fmt::{self, Write};

use massgen_logs::facts::{AttemptFacts, ChecklistShare, Facts, RoundFacts};

use super::escape::inline;
use super::sections::{each, or_none, percent, seconds, table};

/// Maximum rounds listed; a run of many agents has hundreds.
const SHOWN_MAX: usize = 60;

/// Maximum bottlenecks listed.
const BOTTLENECKS_MAX: usize = 3;

/// Writes every round, by agent.
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
        "Ending",
        "From–to",
        "Total",
        "Tools",
        "Without tools",
        "Cost",
    ];
    table(out, head, rows)?;
    if count > SHOWN_MAX {
        writeln!(out, "`massgen logs facts --json` lists {} more rounds.\n", count - SHOWN_MAX)?;
    }
    Ok(())
}

/// Writes the time for evaluation and implementation, if agents used checklists.
pub(super) fn checklists(out: &mut String, facts: &Facts) -> fmt::Result {
    let scopes = facts.attempts.iter().flat_map(|attempt| {
        let scopes = [
            ("rounds with a checklist", &attempt.checklist),
            ("of these, with a proposal", &attempt.checklist_with_proposal),
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
        "Until the proposal",
        "Implementation",
        "After a checklist without a proposal",
    ];
    table(out, head, scopes.map(row))
}

/// A part of the critical path.
struct Bottleneck {
    ms: u64,
    description: String,
}

/// Writes the longest parts of the critical path, which must become faster for an earlier end.
pub(super) fn bottlenecks(out: &mut String, facts: &Facts) -> fmt::Result {
    let mut bottlenecks: Vec<Bottleneck> = Vec::new();
    for attempt in &facts.attempts {
        let share = |ms: u64| percent(ms as f64 / attempt.wall_ms.max(1) as f64);
        let number = attempt.attempt;
        if attempt.lead_in_ms > 0 {
            let share = share(attempt.lead_in_ms);
            bottlenecks.push(Bottleneck {
                ms: attempt.lead_in_ms,
                description: format!(
                    "attempt {number}: before the first round ({share} of the wall time)"
                ),
            });
        }
        for leg in &attempt.critical_path {
            let Some(round) = round_of(attempt, &leg.agent, leg.round) else { continue };
            let location = format!("events.jsonl:{}-{}", leg.line, leg.end_line);
            for (ms, activity) in [(round.think_ms, "without tools"), (round.exec_ms, "in tools")] {
                let (agent, share) = (inline(&leg.agent), share(ms));
                let description = format!(
                    "attempt {number}: {agent} round {} {activity} ({share} of the wall time), {location}",
                    leg.round
                );
                bottlenecks.push(Bottleneck { ms, description });
            }
        }
    }
    bottlenecks.sort_by_key(|bottleneck| std::cmp::Reverse(bottleneck.ms));
    bottlenecks.retain(|bottleneck| bottleneck.ms > 0);
    if bottlenecks.is_empty() {
        return Ok(());
    }
    writeln!(out, "Top bottlenecks on the critical path:\n")?;
    for (at, bottleneck) in bottlenecks.iter().take(BOTTLENECKS_MAX).enumerate() {
        writeln!(out, "{}. {}: {}", at + 1, seconds(bottleneck.ms), bottleneck.description)?;
    }
    writeln!(out)
}

fn round_of<'a>(attempt: &'a AttemptFacts, agent: &str, round: usize) -> Option<&'a RoundFacts> {
    let agent = attempt.agents.iter().find(|known| known.id == agent)?;
    agent.round_list.iter().find(|candidate| candidate.round == round)
}
