//! Rules on tool calls: failures, repetitions, output that floods the context.

use std::collections::BTreeMap;

use super::Case;
use super::Severity::{Low, Medium};
use super::agents::counted;

/// A result of this size fills a noticeable part of a context window (about 2,500 tokens).
const LARGE_RESULT_CHARS: u64 = 10_000;

/// Waiting that takes this share of an agent's time is worth a word.
const WAIT_SHARE: f64 = 0.25;

/// Agent time in rounds that were cut off that is worth a word.
const CUT_OFF_SHARE: f64 = 0.25;

pub(super) fn detect(case: &mut Case<'_>) {
    failures(case);
    repeated_failures(case);
    repeated_reads(case);
    cut_off(case);
    unknown_tools(case);
    unfinished(case);
    duplicates(case);
    large_results(case);
    waiting(case);
}

fn failures(case: &mut Case<'_>) {
    let Some(events) = case.events() else { return };
    let (mut hidden, mut open) = (Vec::new(), Vec::new());
    let (mut hidden_count, mut open_count) = (0, 0);
    let mut tools: BTreeMap<&str, u64> = BTreeMap::new();
    for call in events.calls.iter().filter(|call| call.failed()) {
        *tools.entry(events.tool(call)).or_default() += 1;
        let (count, places) = if call.recorded_failure() {
            (&mut open_count, &mut open)
        } else {
            (&mut hidden_count, &mut hidden)
        };
        *count += 1;
        if places.len() < super::EVIDENCE_MAX {
            places.push(case.call(call));
        }
    }
    let names: Vec<_> = tools.iter().map(|(tool, count)| format!("{tool} ×{count}")).collect();
    let names = names.join(", ");
    if hidden_count > 0 {
        let count = counted(hidden_count, "tool call failed and is", "tool calls failed and are");
        let title = format!("{count} recorded as success: {names}");
        case.report("hidden_tool_failures", Medium, title, "MassGen's failure counts miss what a tool reports in its own words; read the results at the cited lines", hidden);
    }
    if open_count > 0 {
        let title = format!("{} failed: {names}", counted(open_count, "tool call", "tool calls"));
        case.report("tool_failures", Medium, title, "read the results at the cited lines", open);
    }
}

/// The same call with the same arguments that fails again and again, and a tool that fails whatever it is
/// given.
fn repeated_failures(case: &mut Case<'_>) {
    for failure in &case.facts.repeated_failures {
        let title = format!(
            "{} failed {} with the same arguments {}",
            failure.tool,
            counted(failure.count, "time", "times"),
            short(&failure.args.to_string())
        );
        let evidence = case.lines(&failure.lines, "\"result\"");
        case.report(
            "repeated_failure",
            Medium,
            title,
            "a call that failed once with these arguments will fail again: change the approach",
            evidence,
        );
    }
    for streak in &case.facts.failure_streaks {
        let told = case
            .facts
            .repeated_failures
            .iter()
            .any(|f| f.tool == streak.tool && f.count >= streak.count);
        if told {
            continue;
        }
        let title = format!(
            "{} failed {} in a row for {}",
            streak.tool,
            counted(streak.count, "time", "times"),
            streak.agents.join(", ")
        );
        let evidence = case.lines(&streak.lines, "\"result\"");
        case.report(
            "failure_streak",
            Medium,
            title,
            "three failures in a row are an approach that does not work",
            evidence,
        );
    }
}

/// The same file or page, read again by the same agent.
fn repeated_reads(case: &mut Case<'_>) {
    let reads: Vec<_> = case
        .facts
        .duplicates
        .iter()
        .filter(|duplicate| duplicate.reads && duplicate.count > duplicate.agents.len() as u64)
        .collect();
    if reads.is_empty() {
        return;
    }
    let again: u64 = reads.iter().map(|read| read.count - read.agents.len() as u64).sum();
    let most = reads[0];
    let title = format!(
        "{} again by the agent that had read the same; most often {} {}",
        counted(again, "text was read", "texts were read"),
        most.tool,
        short(&most.args.to_string())
    );
    let lines: Vec<u64> = reads.iter().flat_map(|read| read.lines.iter().copied()).collect();
    let evidence = case.lines(&lines, "\"tool_name\"");
    case.report(
        "repeated_reads",
        Low,
        title,
        "what was read is still in the agent's context unless its round began anew",
        evidence,
    );
}

/// Work of rounds that a new answer cut off.
fn cut_off(case: &mut Case<'_>) {
    let lost: u64 = case.facts.agents.iter().map(|agent| agent.restarted_ms).sum();
    let all: u64 = case.facts.phases.iter().map(|phase| phase.total_ms).sum();
    if all == 0 || (lost as f64) < CUT_OFF_SHARE * all as f64 {
        return;
    }
    let title = format!(
        "{} of {} of agent time went into rounds that a new answer cut off",
        seconds(lost),
        seconds(all)
    );
    let lines: Vec<u64> = case
        .facts
        .agents
        .iter()
        .flat_map(|agent| &agent.segments)
        .filter(|segment| segment.outcome == "restarted")
        .map(|segment| segment.line)
        .collect();
    let evidence = case.lines(&lines, "\"event_type\"");
    case.report(
        "cut_off_rounds",
        Low,
        title,
        "fewer agents, or a limit of answers, cost fewer restarts",
        evidence,
    );
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}

fn unknown_tools(case: &mut Case<'_>) {
    if case.facts.unknown_tool_calls == 0 {
        return;
    }
    let log = &case.attempt.log;
    let mut names: Vec<_> = log.unknown_tools.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    let title = format!(
        "{} to tools that do not exist: {}; no event and no metric shows them",
        counted(case.facts.unknown_tool_calls, "call", "calls"),
        names.join(", ")
    );
    let evidence =
        log.unknown_tools.iter().map(|(name, line)| case.at(&log.file, *line, name)).collect();
    case.report(
        "unknown_tool",
        Medium,
        title,
        "the model believes in a tool that it was not given: check the agent's MCP servers",
        evidence,
    );
}

fn unfinished(case: &mut Case<'_>) {
    if case.facts.unfinished_tool_calls == 0 {
        return;
    }
    let evidence = case
        .calls()
        .filter(|call| !call.ended())
        .take(super::EVIDENCE_MAX)
        .map(|call| case.event(u64::from(call.start_line), "\"tool_name\""))
        .collect();
    let title = format!(
        "{} never ended",
        counted(case.facts.unfinished_tool_calls, "tool call", "tool calls")
    );
    case.report("unfinished_tool_calls", Medium, title, "its effects may be half done", evidence);
}

fn duplicates(case: &mut Case<'_>) {
    for duplicate in &case.facts.duplicates {
        let who = match duplicate.agents.as_slice() {
            [one] => format!("by {one}"),
            several => format!("by {}", several.join(" and ")),
        };
        let title = format!(
            "{} was called {} with the same arguments {} {who}",
            duplicate.tool,
            counted(duplicate.count, "time", "times"),
            short(&duplicate.args.to_string())
        );
        let evidence = case.lines(&duplicate.lines, "\"tool_name\"");
        case.report(
            "duplicated_work",
            Low,
            title,
            "let agents share results, or keep what was found in the answer's notes",
            evidence,
        );
    }
}

fn large_results(case: &mut Case<'_>) {
    let Some(events) = case.events() else { return };
    let mut evidence = Vec::new();
    let mut count = 0;
    let mut largest = (0, "");
    for call in &events.calls {
        let chars = u64::from(call.result_chars);
        if chars >= LARGE_RESULT_CHARS {
            count += 1;
            if evidence.len() < super::EVIDENCE_MAX {
                evidence.push(case.call(call));
            }
            largest = largest.max((chars, events.tool(call)));
        }
    }
    if !evidence.is_empty() {
        let title = format!(
            "{} of 10,000 characters or more; the largest has {} ({})",
            counted(count, "tool result", "tool results"),
            largest.0,
            largest.1
        );
        case.report(
            "large_output",
            Low,
            title,
            "ask the tool for less: every later request of the round carries it again",
            evidence,
        );
    }
}

fn waiting(case: &mut Case<'_>) {
    for agent in &case.facts.agents {
        if agent.bg_wait_ms as f64 > WAIT_SHARE * agent.wall_ms as f64 {
            let Some(events) = case.events() else { return };
            let evidence = events
                .calls_of(|tool| tool.contains("wait_for_background_tool"))
                .filter(|call| events.agent(call.agent) == Some(&agent.id))
                .map(|call| case.event(call.line(), "\"tool_name\""))
                .collect();
            let title = format!(
                "{} spent {} ms of {} ms waiting for background tools",
                agent.id, agent.bg_wait_ms, agent.wall_ms
            );
            case.report(
                "background_wait",
                Low,
                title,
                "start background work earlier, or do other work before waiting",
                evidence,
            );
        }
    }
}

fn short(args: &str) -> String {
    match args.char_indices().nth(120) {
        None => args.to_string(),
        Some((at, _)) => format!("{}…", &args[..at]),
    }
}
