//! Rules on tool calls: failures, repetitions, output that floods the context.

use std::collections::BTreeMap;

use super::Severity::{Low, Medium};
use super::agents::counted;
use super::{Case, Evidence};
use crate::run::EventKind;

/// A result of this size fills a noticeable part of a context window (about 2,500 tokens).
const LARGE_RESULT_CHARS: u64 = 10_000;

/// Waiting that takes this share of an agent's time is worth a word.
const WAIT_SHARE: f64 = 0.25;

pub(super) fn detect(case: &mut Case<'_>) {
    failures(case);
    repeated_failures(case);
    unknown_tools(case);
    unfinished(case);
    duplicates(case);
    large_results(case);
    waiting(case);
}

fn failures(case: &mut Case<'_>) {
    let (mut hidden, mut open) = (Vec::new(), Vec::new());
    let mut tools: BTreeMap<&str, u64> = BTreeMap::new();
    for event in case.attempt.events.iter().flatten() {
        let EventKind::ToolEnd { tool, failure: Some(_), recorded_failure, .. } = &event.kind
        else {
            continue;
        };
        *tools.entry(tool).or_default() += 1;
        let place = case.event(event.line, "\"result\"");
        if *recorded_failure { open.push(place) } else { hidden.push(place) }
    }
    let names: Vec<_> = tools.iter().map(|(tool, count)| format!("{tool} ×{count}")).collect();
    let names = names.join(", ");
    if !hidden.is_empty() {
        let count =
            counted(hidden.len() as u64, "tool call failed and is", "tool calls failed and are");
        let title = format!("{count} recorded as success: {names}");
        case.report("hidden_tool_failures", Medium, title, "MassGen's failure counts miss what a tool reports in its own words; read the results at the cited lines", hidden);
    }
    if !open.is_empty() {
        let title =
            format!("{} failed: {names}", counted(open.len() as u64, "tool call", "tool calls"));
        case.report("tool_failures", Medium, title, "read the results at the cited lines", open);
    }
}

/// The same call with the same arguments that fails again and again.
fn repeated_failures(case: &mut Case<'_>) {
    let mut args_of: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    let mut groups: BTreeMap<(&str, &str, u64), Vec<Evidence>> = BTreeMap::new();
    for event in case.attempt.events.iter().flatten() {
        match &event.kind {
            EventKind::ToolStart { id, args_hash, args, .. } => {
                args_of.insert(id, (*args_hash, args));
            }
            EventKind::ToolEnd { id, tool, failure: Some(_), .. } => {
                let (hash, args) = args_of.get(id.as_str()).copied().unwrap_or_default();
                groups
                    .entry((tool, args, hash))
                    .or_default()
                    .push(case.event(event.line, "\"result\""));
            }
            _ => {}
        }
    }
    let repeated: Vec<_> = groups
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|((tool, args, _), places)| (tool.to_string(), short(args), places))
        .collect();
    for (tool, args, places) in repeated {
        let title = format!(
            "{tool} failed {} with the same arguments {args}",
            counted(places.len() as u64, "time", "times")
        );
        case.report(
            "repeated_failure",
            Medium,
            title,
            "a call that failed once with these arguments will fail again: change the approach",
            places,
        );
    }
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
    let events = case.attempt.events.as_deref().unwrap_or_default();
    let ended: std::collections::BTreeSet<&str> = events
        .iter()
        .filter_map(|e| {
            if let EventKind::ToolEnd { id, .. } = &e.kind { Some(id.as_str()) } else { None }
        })
        .collect();
    let evidence = events
        .iter()
        .filter(|event| matches!(&event.kind, EventKind::ToolStart { id, .. } if !ended.contains(id.as_str())))
        .map(|event| case.event(event.line, "\"tool_name\""))
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
        let evidence =
            duplicate.lines.iter().map(|line| case.event(*line, "\"tool_name\"")).collect();
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
    let mut evidence = Vec::new();
    let mut largest = (0, "");
    for event in case.attempt.events.iter().flatten() {
        if let EventKind::ToolEnd { tool, result_chars, .. } = &event.kind
            && *result_chars >= LARGE_RESULT_CHARS
        {
            evidence.push(case.event(event.line, "\"result\""));
            largest = largest.max((*result_chars, tool));
        }
    }
    if !evidence.is_empty() {
        let title = format!(
            "{} of 10,000 characters or more; the largest has {} ({})",
            counted(evidence.len() as u64, "tool result", "tool results"),
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
            let lines = case.attempt.events.iter().flatten().filter(|event| {
                event.agent.as_deref() == Some(agent.id.as_str())
                    && matches!(&event.kind, EventKind::ToolEnd { tool, .. } if tool.contains("wait_for_background_tool"))
            });
            let evidence = lines.map(|event| case.event(event.line, "\"tool_name\"")).collect();
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
