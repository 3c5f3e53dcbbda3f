//! Rules on tool calls: failures, repetitions, output that floods the context.

use std::collections::BTreeMap;

use super::words::{counted, seconds, shortened};
use super::{Case, ProblemKind};

/// A result of this size fills a noticeable part of a context window (about 2,500 tokens).
const LARGE_RESULT_CHARS: u64 = 10_000;

/// Waiting for a larger share of an agent's time is reported.
const WAIT_SHARE: f64 = 0.25;

/// Share of agent time in rounds that were cut off from which it is reported.
const CUT_OFF_SHARE: f64 = 0.25;

pub(super) fn detect(case: &mut Case<'_>) {
    failures(case);
    repeated_failures(case);
    failure_streaks(case);
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
    let (mut hidden, mut recorded) = (Vec::new(), Vec::new());
    let (mut hidden_count, mut recorded_count) = (0, 0);
    let mut tools: BTreeMap<&str, u64> = BTreeMap::new();
    for call in events.calls.iter().filter(|call| call.failed()) {
        *tools.entry(events.tool(call)).or_default() += 1;
        let (count, evidence) = if call.recorded_failure() {
            (&mut recorded_count, &mut recorded)
        } else {
            (&mut hidden_count, &mut hidden)
        };
        *count += 1;
        if evidence.len() < super::EVIDENCE_MAX {
            evidence.push(case.call(call));
        }
    }
    let names: Vec<_> = tools.iter().map(|(tool, count)| format!("{tool} ×{count}")).collect();
    let names = names.join(", ");
    if hidden_count > 0 {
        let count = counted(hidden_count, "tool call failed but is", "tool calls failed but are");
        let title = format!("{count} recorded as success: {names}");
        case.report(ProblemKind::HiddenToolFailures, title, hidden);
    }
    if recorded_count > 0 {
        let title =
            format!("{} failed: {names}", counted(recorded_count, "tool call", "tool calls"));
        case.report(ProblemKind::ToolFailures, title, recorded);
    }
}

fn repeated_failures(case: &mut Case<'_>) {
    for failure in &case.facts.repeated_failures {
        let title = format!(
            "{} failed {} with the same arguments {}",
            failure.tool,
            counted(failure.count, "time", "times"),
            shortened(&failure.args.to_string())
        );
        let evidence = case.lines(&failure.lines, "\"result\"");
        case.report(ProblemKind::RepeatedFailure, title, evidence);
    }
}

/// Reports tools that fail repeatedly with different arguments.
fn failure_streaks(case: &mut Case<'_>) {
    for streak in &case.facts.failure_streaks {
        let is_reported = case
            .facts
            .repeated_failures
            .iter()
            .any(|f| f.tool == streak.tool && f.count >= streak.count);
        if is_reported {
            continue;
        }
        let title = format!(
            "{} failed {} in a row for {}",
            streak.tool,
            counted(streak.count, "time", "times"),
            streak.agents.join(", ")
        );
        let evidence = case.lines(&streak.lines, "\"result\"");
        case.report(ProblemKind::FailureStreak, title, evidence);
    }
}

/// Reports files and pages that an agent read again.
fn repeated_reads(case: &mut Case<'_>) {
    let reads: Vec<_> = case
        .facts
        .duplicates
        .iter()
        .filter(|duplicate| duplicate.reads && duplicate.count > duplicate.agents.len() as u64)
        .collect();
    let Some(most_frequent) = reads.first() else { return };
    let repeated: u64 = reads.iter().map(|read| read.count - read.agents.len() as u64).sum();
    let title = format!(
        "{} again by an agent that had already read it; most often {} {}",
        counted(repeated, "text was read", "texts were read"),
        most_frequent.tool,
        shortened(&most_frequent.args.to_string())
    );
    let lines: Vec<u64> = reads.iter().flat_map(|read| read.lines.iter().copied()).collect();
    let evidence = case.lines(&lines, "\"tool_name\"");
    case.report(ProblemKind::RepeatedReads, title, evidence);
}

/// Reports time spent in rounds that a new answer cut off.
fn cut_off(case: &mut Case<'_>) {
    let lost: u64 = case.facts.agents.iter().map(|agent| agent.restarted_ms).sum();
    let total: u64 = case.facts.phases.iter().map(|phase| phase.total_ms).sum();
    if total == 0 || (lost as f64) < CUT_OFF_SHARE * total as f64 {
        return;
    }
    let title = format!(
        "{} of {} of agent time went into rounds that a new answer cut off",
        seconds(lost),
        seconds(total)
    );
    let lines: Vec<u64> = case
        .facts
        .agents
        .iter()
        .flat_map(|agent| &agent.round_list)
        .filter(|round| round.outcome == "restarted")
        .map(|round| round.line)
        .collect();
    let evidence = case.lines(&lines, "\"event_type\"");
    case.report(ProblemKind::CutOffRounds, title, evidence);
}

fn unknown_tools(case: &mut Case<'_>) {
    if case.facts.unknown_tool_calls == 0 {
        return;
    }
    let log = &case.attempt.log;
    let mut names: Vec<_> = log.unknown_tools.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    let title = format!(
        "{} to tools that do not exist: {}; no event or metric records them",
        counted(case.facts.unknown_tool_calls, "call", "calls"),
        names.join(", ")
    );
    let evidence =
        log.unknown_tools.iter().map(|(name, line)| case.at(&log.file, *line, name)).collect();
    case.report(ProblemKind::UnknownTool, title, evidence);
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
        "{} never finished",
        counted(case.facts.unfinished_tool_calls, "tool call", "tool calls")
    );
    case.report(ProblemKind::UnfinishedToolCalls, title, evidence);
}

fn duplicates(case: &mut Case<'_>) {
    for duplicate in &case.facts.duplicates {
        let title = format!(
            "{} was called {} with the same arguments {} by {}",
            duplicate.tool,
            counted(duplicate.count, "time", "times"),
            shortened(&duplicate.args.to_string()),
            duplicate.agents.join(" and ")
        );
        let evidence = case.lines(&duplicate.lines, "\"tool_name\"");
        case.report(ProblemKind::DuplicatedWork, title, evidence);
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
    if count == 0 {
        return;
    }
    let title = format!(
        "{} 10,000 characters or more; the largest has {} ({})",
        counted(count, "tool result has", "tool results have"),
        largest.0,
        largest.1
    );
    case.report(ProblemKind::LargeOutput, title, evidence);
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
            case.report(ProblemKind::BackgroundWait, title, evidence);
        }
    }
}
