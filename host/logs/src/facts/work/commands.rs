//! Shell commands by pattern: `npm install left-pad` and `npm install right-pad` share one.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::events::{Call, Events};

const LISTED_MAX: usize = 100;
const LINES_MAX: usize = 20;

/// Commands of one pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandPattern {
    /// Program and subcommand.
    pub pattern: String,
    /// Number of calls.
    pub count: u64,
    /// Number of different commands.
    pub distinct: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Total time.
    pub total_ms: u64,
    /// Mean time.
    pub avg_ms: u64,
    /// Longest time.
    pub max_ms: u64,
    /// Size of the largest result, in characters.
    pub largest_result_chars: u64,
    /// Agents that ran them.
    pub agents: Vec<String>,
    /// Lines in `events.jsonl`, at most 20.
    pub lines: Vec<u64>,
}

/// Returns patterns, most time first.
pub(super) fn commands(events: &Events) -> Vec<CommandPattern> {
    let mut by_pattern: Vec<Vec<&Call>> = vec![Vec::new(); events.patterns.len()];
    for call in events.calls.iter().filter(|call| call.pattern > 0) {
        by_pattern[usize::from(call.pattern)].push(call);
    }
    let used = by_pattern.iter().filter(|calls| !calls.is_empty());
    let mut found: Vec<CommandPattern> = used.map(|calls| row(events, calls)).collect();
    found.sort_by(|a, b| b.total_ms.cmp(&a.total_ms).then_with(|| a.lines.cmp(&b.lines)));
    found.truncate(LISTED_MAX);
    found
}

fn row(events: &Events, calls: &[&Call]) -> CommandPattern {
    let times = || calls.iter().map(|call| f64::from(call.elapsed_ms));
    let total = times().sum::<f64>();
    let distinct: BTreeSet<u64> = calls.iter().map(|call| call.args_hash).collect();
    let agents: BTreeSet<&str> = calls.iter().filter_map(|call| events.agent(call.agent)).collect();
    let largest = calls.iter().map(|call| u64::from(call.result_chars)).max();
    CommandPattern {
        pattern: events.pattern(calls[0]).to_string(),
        count: calls.len() as u64,
        distinct: distinct.len() as u64,
        failures: calls.iter().filter(|call| call.failed()).count() as u64,
        total_ms: total.round() as u64,
        avg_ms: (total / calls.len() as f64).round() as u64,
        max_ms: times().fold(0.0, f64::max).round() as u64,
        largest_result_chars: largest.unwrap_or(0),
        agents: agents.into_iter().map(String::from).collect(),
        lines: calls.iter().take(LINES_MAX).map(|call| u64::from(call.start_line)).collect(),
    }
}
