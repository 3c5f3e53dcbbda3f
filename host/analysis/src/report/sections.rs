//! Parts of the report that are figures.

use std::fmt::{self, Write};

use massgen_logs::facts::{AttemptFacts, Facts};
use massgen_logs::problems::{Problem, Severity};

use super::escape::{code, inline};

/// Two sentences without a model.
pub(super) fn summary(facts: &Facts) -> String {
    let Some(last) = facts.last_attempt() else { return "The run holds no attempt.".into() };
    let high = facts.problems.iter().filter(|problem| problem.severity == Severity::High).count();
    let winner = last.winner.as_deref().map_or_else(
        || "nobody presented an answer".to_string(),
        |winner| format!("{} presented the answer", inline(winner)),
    );
    format!(
        "The turn ended as {} after {} of wall time; {winner}. {} tool calls were made, {} of them failed; {} problems were detected, {high} of them grave.",
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
    writeln!(out, "| Duration as MassGen shows it (agent time) | {} |", seconds(recorded))?;
    writeln!(out, "| Outcome | {} |", last.map_or("none", |a| a.outcome.as_str()))?;
    writeln!(out, "| Agents | {} |", last.map_or(0, |a| a.agents.len()))?;
    writeln!(
        out,
        "| Winner | {} |",
        last.and_then(|a| a.winner.as_deref()).map_or_else(|| "none".into(), inline)
    )?;
    writeln!(
        out,
        "| Total cost (as MassGen estimated) | ${:.6} |",
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
            .filter(|agent| attempt.answers.iter().any(|answer| answer.agent == agent.id))
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
                "- MassGen recorded the winner as {}",
                attempt.recorded_winner.as_deref().map_or_else(|| "nobody".into(), inline)
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn efficiency(out: &mut String, facts: &Facts) -> fmt::Result {
    writeln!(
        out,
        "| Attempt | Agent | Rounds | Wall | Thinking | Tools | First tool after | Waiting for background |\n|---|---|---|---|---|---|---|---|"
    )?;
    for attempt in &facts.attempts {
        for agent in &attempt.agents {
            let first = agent.time_to_first_tool_ms.map_or_else(|| "-".into(), seconds);
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {first} | {} |",
                attempt.attempt,
                inline(&agent.id),
                agent.rounds,
                seconds(agent.wall_ms),
                seconds(agent.think_ms),
                seconds(agent.exec_ms),
                seconds(agent.bg_wait_ms)
            )?;
        }
    }
    writeln!(out, "\nCritical path:\n")?;
    for attempt in &facts.attempts {
        for leg in &attempt.critical_path {
            writeln!(
                out,
                "- attempt {}: {} round {} ({})",
                attempt.attempt,
                inline(&leg.agent),
                leg.round,
                seconds(leg.ms)
            )?;
        }
    }
    writeln!(
        out,
        "\n| Attempt | Phase | Rounds | Agent time | Longest | Share |\n|---|---|---|---|---|---|"
    )?;
    for attempt in &facts.attempts {
        for phase in &attempt.phases {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {:.0} % |",
                attempt.attempt,
                inline(&phase.phase),
                phase.count,
                seconds(phase.total_ms),
                seconds(phase.max_ms),
                phase.share * 100.0
            )?;
        }
    }
    writeln!(out)
}

/// Shell commands by pattern, those that took most time.
pub(super) fn commands(out: &mut String, facts: &Facts) -> fmt::Result {
    const SHOWN_MAX: usize = 15;
    let all: Vec<_> = facts.attempts.iter().flat_map(|attempt| &attempt.commands).collect();
    if all.is_empty() {
        return writeln!(out, "No shell command was run.\n");
    }
    writeln!(
        out,
        "| Command | Calls | Failed | Time | Slowest | Agents |\n|---|---|---|---|---|---|"
    )?;
    for command in all.iter().take(SHOWN_MAX) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            code(&command.pattern),
            command.count,
            command.failures,
            seconds(command.total_ms),
            seconds(command.max_ms),
            inline(&command.agents.join(", "))
        )?;
    }
    if all.len() > SHOWN_MAX {
        writeln!(out, "\n{} more patterns took less time.", all.len() - SHOWN_MAX)?;
    }
    writeln!(out)
}

pub(super) fn duplicates(out: &mut String, facts: &Facts) -> fmt::Result {
    let all: Vec<_> = facts.attempts.iter().flat_map(|attempt| &attempt.duplicates).collect();
    if all.is_empty() {
        return writeln!(out, "No tool was called twice with the same arguments.\n");
    }
    writeln!(out, "| Tool | Arguments | Times | Agents |\n|---|---|---|---|")?;
    for duplicate in all {
        let args: String = duplicate.args.to_string().chars().take(120).collect();
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            inline(&duplicate.tool),
            code(&args),
            duplicate.count,
            inline(&duplicate.agents.join(", "))
        )?;
    }
    writeln!(out)
}

pub(super) fn behavior(out: &mut String, facts: &Facts) -> fmt::Result {
    writeln!(
        out,
        "| Answer | Agent | After | Characters | Growth | Like its last | Most like another's |\n|---|---|---|---|---|---|---|"
    )?;
    for answer in facts.attempts.iter().flat_map(|attempt| &attempt.answers) {
        let share = |value: f64| format!("{:.0} %", value * 100.0);
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".into());
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            inline(&answer.label),
            inline(&answer.agent),
            seconds(answer.at_ms),
            or_none(answer.chars.map(|chars| chars.to_string())),
            or_none(answer.growth_chars.map(|chars| format!("{chars:+}"))),
            or_none(answer.similarity_to_previous.map(share)),
            or_none(answer.most_alike.as_ref().map(|other| format!(
                "{} ({})",
                inline(&other.label),
                share(other.similarity)
            )))
        )?;
    }
    writeln!(out, "\n| Voter | For | Reason |\n|---|---|---|")?;
    for vote in facts.attempts.iter().flat_map(|attempt| &attempt.votes) {
        writeln!(
            out,
            "| {} | {} | {} |",
            inline(&vote.voter),
            inline(&vote.target),
            inline(&vote.reason)
        )?;
    }
    writeln!(out)?;
    for attempt in &facts.attempts {
        votes_together(out, attempt)?;
    }
    for enforcement in facts.attempts.iter().flat_map(|attempt| &attempt.enforcement) {
        writeln!(
            out,
            "- {} was made to try again: {} ×{}",
            inline(&enforcement.agent),
            inline(&enforcement.reason),
            enforcement.count
        )?;
    }
    writeln!(out)
}

fn votes_together(out: &mut String, attempt: &AttemptFacts) -> fmt::Result {
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
            "- attempt {}: no vote that counted came from {}",
            attempt.attempt,
            inline(&summary.abstained.join(", "))
        )?;
    }
    Ok(())
}

/// What the record lacks or says wrongly: which figures are read, which are mended.
pub(super) fn gaps(out: &mut String, facts: &Facts) -> fmt::Result {
    let mut known = std::collections::BTreeSet::new();
    for gap in facts.attempts.iter().flat_map(|attempt| &attempt.gaps) {
        if known.insert(gap.gap) {
            writeln!(out, "- Gap of the record ({}): {}", gap.state, inline(gap.note))?;
        }
    }
    Ok(())
}

pub(super) fn cost(out: &mut String, facts: &Facts) -> fmt::Result {
    writeln!(
        out,
        "| Attempt | Agent | Model | In | Cached | Out | Reasoning | Cost |\n|---|---|---|---|---|---|---|---|"
    )?;
    for attempt in &facts.attempts {
        for agent in &attempt.agents {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | ${:.6} |",
                attempt.attempt,
                inline(&agent.id),
                agent.model.as_deref().map_or_else(|| "-".into(), inline),
                agent.input_tokens,
                agent.cached_tokens,
                agent.output_tokens,
                agent.reasoning_tokens,
                agent.cost_usd
            )?;
        }
        if attempt.unattributed_input_tokens > 0 {
            writeln!(
                out,
                "| {} | (no round) | | {} | | | | |",
                attempt.attempt, attempt.unattributed_input_tokens
            )?;
        }
    }
    writeln!(out)
}

pub(super) fn problems(out: &mut String, all: &[Problem], kinds: &[&str]) -> fmt::Result {
    let mine: Vec<_> = all.iter().filter(|problem| kinds.contains(&problem.kind)).collect();
    if mine.is_empty() {
        return writeln!(out, "Nothing was detected.\n");
    }
    mine.into_iter().try_for_each(|problem| one(out, problem))?;
    writeln!(out)
}

pub(super) fn all_problems(out: &mut String, all: &[Problem]) -> fmt::Result {
    if all.is_empty() {
        return writeln!(out, "No problem was detected.\n");
    }
    all.iter().try_for_each(|problem| one(out, problem))?;
    writeln!(out)
}

fn one(out: &mut String, problem: &Problem) -> fmt::Result {
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

fn seconds(ms: u64) -> String {
    if ms < 60_000 {
        format!("{:.2} s", ms as f64 / 1000.0)
    } else {
        format!("{} m {:04.1} s", ms / 60_000, (ms % 60_000) as f64 / 1000.0)
    }
}
