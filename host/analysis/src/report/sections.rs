//! Sections of the report that show facts and problems.

use std::fmt::{self, Write};

use massgen_logs::facts::{AttemptFacts, Facts};
use massgen_logs::problems::{Problem, Severity};

use super::escape::{code, inline};

/// Summarises the facts in two sentences, in place of a model's summary.
pub(super) fn summary(facts: &Facts) -> String {
    let Some(last) = facts.last_attempt() else { return "The run contains no attempt.".into() };
    let high = facts.problems.iter().filter(|problem| problem.severity == Severity::High).count();
    let winner = last.winner.as_deref().map_or_else(
        || "no agent presented an answer".to_string(),
        |winner| format!("{} presented the answer", inline(winner)),
    );
    format!(
        "The turn ended as {} after {} of wall time; {winner}. There were {} tool calls, of which {} failed, and {} detected problems, of which {high} are high severity.",
        last.outcome.as_str().replace('_', " "),
        seconds(facts.wall_ms),
        facts.attempts.iter().map(|a| a.tool_calls).sum::<u64>(),
        facts.attempts.iter().map(|a| a.tool_failures).sum::<u64>(),
        facts.problems.len(),
    )
}

pub(super) fn overview(out: &mut String, facts: &Facts) -> fmt::Result {
    let sum = |of: fn(&AttemptFacts) -> u64| facts.attempts.iter().map(of).sum::<u64>();
    let recorded: u64 = facts.attempts.iter().filter_map(|a| a.recorded_duration_ms).sum();
    let last = facts.last_attempt();
    writeln!(out, "## Session Overview\n\n| | |\n|---|---|")?;
    if let Some(question) = &facts.question {
        writeln!(out, "| Question | {} |", inline(question))?;
    }
    writeln!(out, "| Duration (wall) | {} |", seconds(facts.wall_ms))?;
    writeln!(out, "| Duration shown by MassGen (agent time) | {} |", seconds(recorded))?;
    writeln!(out, "| Ending | {} |", last.map_or("none", |a| a.outcome.as_str()))?;
    writeln!(out, "| Agents | {} |", last.map_or(0, |a| a.agents.len()))?;
    writeln!(
        out,
        "| Winner | {} |",
        last.and_then(|a| a.winner.as_deref()).map_or_else(|| "none".into(), inline)
    )?;
    writeln!(
        out,
        "| Total cost (estimated by MassGen) | ${:.6} |",
        facts.attempts.iter().map(|a| a.cost_usd).sum::<f64>()
    )?;
    writeln!(out, "| Total answers | {} |", sum(|a| a.answers.len() as u64))?;
    writeln!(out, "| Total votes | {} |", sum(|a| a.votes.len() as u64))?;
    writeln!(out, "| Total restarts | {} |", sum(|a| a.restarts))?;
    writeln!(
        out,
        "| Tool calls (failed) | {} ({}) |",
        sum(|a| a.tool_calls),
        sum(|a| a.tool_failures)
    )?;
    writeln!(out)
}

pub(super) fn correctness(out: &mut String, facts: &Facts) -> fmt::Result {
    for attempt in &facts.attempts {
        let answered = attempt
            .agents
            .iter()
            .filter(|agent| attempt.answers.iter().any(|answer| *answer.agent == *agent.id))
            .count();
        writeln!(out, "Attempt {}: ended as **{}**.\n", attempt.attempt, attempt.outcome.as_str())?;
        let check = |done: bool| if done { "x" } else { " " };
        writeln!(
            out,
            "- [{}] all agents answered ({answered} of {})",
            check(answered == attempt.agents.len() && answered > 0),
            attempt.agents.len()
        )?;
        writeln!(
            out,
            "- [{}] votes were cast ({})",
            check(!attempt.votes.is_empty()),
            attempt.votes.len()
        )?;
        writeln!(
            out,
            "- [{}] a winner was selected{}",
            check(attempt.winner.is_some()),
            attempt.winner.as_deref().map(|w| format!(" ({})", inline(w))).unwrap_or_default()
        )?;
        writeln!(
            out,
            "- [{}] a final answer was delivered",
            check(attempt.outcome == massgen_logs::facts::Outcome::Completed)
        )?;
        if attempt.recorded_winner != attempt.winner {
            writeln!(
                out,
                "- MassGen recorded as winner: {}",
                attempt.recorded_winner.as_deref().map_or_else(|| "none".into(), inline)
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn efficiency(out: &mut String, facts: &Facts) -> fmt::Result {
    let agents = each(facts, |attempt| &attempt.agents).map(|(attempt, agent)| {
        [
            attempt.attempt.to_string(),
            inline(&agent.id),
            agent.rounds.to_string(),
            seconds(agent.wall_ms),
            seconds(agent.think_ms),
            seconds(agent.exec_ms),
            or_none(agent.time_to_first_tool_ms.map(seconds)),
            seconds(agent.bg_wait_ms),
        ]
    });
    let head = [
        "Attempt",
        "Agent",
        "Rounds",
        "Wall",
        "Thinking",
        "Tools",
        "First tool after",
        "Waiting for background jobs",
    ];
    table(out, head, agents)?;
    writeln!(out, "Critical path:\n")?;
    for (attempt, leg) in each(facts, |attempt| &attempt.critical_path) {
        let (attempt, agent) = (attempt.attempt, inline(&leg.agent));
        writeln!(out, "- attempt {attempt}: {agent} round {} ({})", leg.round, seconds(leg.ms))?;
    }
    writeln!(out)?;
    let phases = each(facts, |attempt| &attempt.phases).map(|(attempt, phase)| {
        [
            attempt.attempt.to_string(),
            inline(&phase.phase),
            phase.count.to_string(),
            seconds(phase.total_ms),
            seconds(phase.max_ms),
            percent(phase.share),
        ]
    });
    table(out, ["Attempt", "Phase", "Rounds", "Agent time", "Longest", "Share"], phases)
}

/// Writes shell commands by pattern: for each attempt, those that took the most time first.
pub(super) fn commands(out: &mut String, facts: &Facts) -> fmt::Result {
    const SHOWN_MAX: usize = 15;
    let count = each(facts, |attempt| &attempt.commands).count();
    if count == 0 {
        return writeln!(out, "No shell commands were run.\n");
    }
    let shown = each(facts, |attempt| &attempt.commands).take(SHOWN_MAX).map(|(_, command)| {
        [
            code(&command.pattern),
            command.count.to_string(),
            command.failures.to_string(),
            seconds(command.total_ms),
            seconds(command.max_ms),
            inline(&command.agents.join(", ")),
        ]
    });
    table(out, ["Command", "Calls", "Failed", "Time", "Slowest", "Agents"], shown)?;
    if count > SHOWN_MAX {
        writeln!(out, "`massgen logs facts --json` lists {} more patterns.\n", count - SHOWN_MAX)?;
    }
    Ok(())
}

pub(super) fn duplicates(out: &mut String, facts: &Facts) -> fmt::Result {
    if each(facts, |attempt| &attempt.duplicates).next().is_none() {
        return writeln!(out, "No tool was called more than once with the same arguments.\n");
    }
    let all = each(facts, |attempt| &attempt.duplicates).map(|(_, duplicate)| {
        let args: String = duplicate.args.to_string().chars().take(120).collect();
        [
            inline(&duplicate.tool),
            code(&args),
            duplicate.count.to_string(),
            inline(&duplicate.agents.join(", ")),
        ]
    });
    table(out, ["Tool", "Arguments", "Times", "Agents"], all)
}

pub(super) fn behavior(out: &mut String, facts: &Facts) -> fmt::Result {
    let answers =
        each(facts, |attempt| &attempt.answers).map(|(_, answer)| {
            let alike = answer.most_alike.as_ref();
            [
                inline(&answer.label),
                inline(&answer.agent),
                seconds(answer.at_ms),
                or_none(answer.chars.map(|chars| chars.to_string())),
                or_none(answer.growth_chars.map(|chars| format!("{chars:+}"))),
                or_none(answer.similarity_to_previous.map(percent)),
                or_none(alike.map(|other| {
                    format!("{} ({})", inline(&other.label), percent(other.similarity))
                })),
            ]
        });
    let head = [
        "ModelReport",
        "Agent",
        "After",
        "Characters",
        "Growth",
        "Similarity to previous",
        "Most similar",
    ];
    table(out, head, answers)?;
    let votes = each(facts, |attempt| &attempt.votes)
        .map(|(_, vote)| [inline(&vote.voter), inline(&vote.target), inline(&vote.reason)]);
    table(out, ["Voter", "For", "Reason"], votes)?;
    facts.attempts.iter().try_for_each(|attempt| vote_summary(out, attempt))?;
    for (_, enforcement) in each(facts, |attempt| &attempt.enforcement) {
        writeln!(
            out,
            "- {} was forced to retry: {} ×{}",
            inline(&enforcement.agent),
            inline(&enforcement.reason),
            enforcement.count
        )?;
    }
    writeln!(out)
}

fn vote_summary(out: &mut String, attempt: &AttemptFacts) -> fmt::Result {
    let summary = &attempt.vote_summary;
    if summary.unanimous {
        writeln!(out, "- attempt {}: the vote was unanimous", attempt.attempt)?;
    }
    if summary.tie {
        writeln!(out, "- attempt {}: the vote was a tie", attempt.attempt)?;
    }
    for changed in &summary.changed {
        writeln!(
            out,
            "- attempt {}: {} changed its vote from {} to {}",
            attempt.attempt,
            inline(&changed.voter),
            inline(&changed.from),
            inline(&changed.to)
        )?;
    }
    if !summary.abstained.is_empty() {
        writeln!(
            out,
            "- attempt {}: no counted vote from {}",
            attempt.attempt,
            inline(&summary.abstained.join(", "))
        )?;
    }
    Ok(())
}

/// Writes the gaps of the record, each once, and how they were handled.
pub(super) fn gaps(out: &mut String, facts: &Facts) -> fmt::Result {
    let mut seen = std::collections::BTreeSet::new();
    for gap in facts.attempts.iter().flat_map(|attempt| &attempt.gaps) {
        if seen.insert(gap.gap) {
            writeln!(out, "- Gap in the record ({}): {}", gap.state, inline(gap.note))?;
        }
    }
    Ok(())
}

pub(super) fn cost(out: &mut String, facts: &Facts) -> fmt::Result {
    let rows = facts.attempts.iter().flat_map(|attempt| {
        let of_agents = attempt.agents.iter().map(|agent| {
            [
                attempt.attempt.to_string(),
                inline(&agent.id),
                or_none(agent.model.as_deref().map(inline)),
                agent.input_tokens.to_string(),
                agent.cached_tokens.to_string(),
                agent.output_tokens.to_string(),
                agent.reasoning_tokens.to_string(),
                format!("${:.6}", agent.cost_usd),
            ]
        });
        let unattributed = attempt.unattributed_input_tokens;
        let of_no_round = (unattributed > 0).then(|| {
            let mut row: [String; 8] = Default::default();
            row[0] = attempt.attempt.to_string();
            row[1] = "(no round)".into();
            row[3] = unattributed.to_string();
            row
        });
        of_agents.chain(of_no_round)
    });
    let head = ["Attempt", "Agent", "Model", "In", "Cached", "Out", "Reasoning", "Cost"];
    table(out, head, rows)
}

/// Iterates over items of all attempts, each with its attempt.
pub(super) fn each<'a, T: 'a>(
    facts: &'a Facts,
    of: impl Fn(&'a AttemptFacts) -> &'a Vec<T> + Clone,
) -> impl Iterator<Item = (&'a AttemptFacts, &'a T)> + Clone {
    let of = move |attempt: &'a AttemptFacts| of(attempt).iter().map(move |item| (attempt, item));
    facts.attempts.iter().flat_map(of)
}

/// Writes a table and an empty line. Cells must be escaped.
pub(super) fn table<const COLUMNS: usize>(
    out: &mut String,
    head: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> fmt::Result {
    writeln!(out, "| {} |\n|{}", head.join(" | "), "---|".repeat(COLUMNS))?;
    for row in rows {
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    writeln!(out)
}

pub(super) fn or_none(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".into())
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

pub(super) fn problems(out: &mut String, all: &[Problem], kinds: &[&str]) -> fmt::Result {
    let matching: Vec<_> =
        all.iter().filter(|problem| kinds.contains(&problem.kind.as_str())).collect();
    if matching.is_empty() {
        return writeln!(out, "No problems detected.\n");
    }
    matching.into_iter().try_for_each(|problem| write_problem(out, problem))?;
    writeln!(out)
}

pub(super) fn all_problems(out: &mut String, all: &[Problem]) -> fmt::Result {
    if all.is_empty() {
        return writeln!(out, "No problems detected.\n");
    }
    all.iter().try_for_each(|problem| write_problem(out, problem))?;
    writeln!(out)
}

fn write_problem(out: &mut String, problem: &Problem) -> fmt::Result {
    writeln!(out, "- **{}** {}", problem.severity.as_str(), inline(&problem.title))?;
    for evidence in problem.evidence.iter().take(3) {
        let quote: String = evidence.quote.chars().take(160).collect();
        writeln!(
            out,
            "  - {}: {}",
            code(&format!("{}:{}", evidence.file, evidence.line_start)),
            code(&quote)
        )?;
    }
    Ok(())
}

pub(super) fn seconds(ms: u64) -> String {
    if ms < 60_000 {
        format!("{:.2} s", ms as f64 / 1000.0)
    } else {
        format!("{} m {:04.1} s", ms / 60_000, (ms % 60_000) as f64 / 1000.0)
    }
}
