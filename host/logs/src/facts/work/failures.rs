//! Repeated failures.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::events::{Call, Events};
use crate::redact::Redactor;

/// Minimum number of consecutive failures in a streak.
const STREAK_MIN: usize = 3;

const LISTED_MAX: usize = 200;
const LINES_MAX: usize = 20;

/// Calls to one tool that failed repeatedly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepeatedFailure {
    /// The tool's name.
    pub tool: String,
    /// Arguments, if all calls had the same ones.
    pub args: Value,
    /// Number of failures.
    pub count: u64,
    /// Agents that made the calls.
    pub agents: Vec<String>,
    /// Total time of the calls.
    pub total_ms: u64,
    /// Lines of the results in `events.jsonl`, at most 20.
    pub lines: Vec<u64>,
}

impl RepeatedFailure {
    pub(in crate::facts) fn redact(&mut self, redactor: &Redactor) {
        let text = self.args.to_string();
        if let std::borrow::Cow::Owned(clean) = redactor.line(&text) {
            self.args = serde_json::from_str(&clean).unwrap_or(Value::String(clean));
        }
    }
}

/// Returns calls that failed at least twice with the same arguments.
pub(super) fn repeated_failures(events: &Events) -> Vec<RepeatedFailure> {
    let mut failed: Vec<&Call> = events.calls.iter().filter(|call| call.failed()).collect();
    failed.sort_by_cached_key(|call| (call.tool, call.args_hash, call.end_line));
    let mut groups: Vec<&[&Call]> = failed
        .chunk_by(|a, b| (a.tool, a.args_hash) == (b.tool, b.args_hash))
        .filter(|group| group.len() > 1 && group[0].start_line > 0)
        .collect();
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a[0].end_line.cmp(&b[0].end_line)));
    groups.truncate(LISTED_MAX);
    groups.into_iter().map(|calls| failure(events, calls)).collect()
}

/// Returns tools that failed at least three times in a row for one agent, with any arguments.
pub(super) fn streaks(events: &Events) -> Vec<RepeatedFailure> {
    let mut found = Vec::new();
    let ended = events.calls.iter().enumerate().filter(|(_, call)| call.ended());
    let mut order: Vec<_> = ended.map(|(index, call)| (call.agent, call.end_line, index)).collect();
    order.sort_unstable();
    let ended: Vec<&Call> = order.iter().map(|(_, _, index)| &events.calls[*index]).collect();
    let continues =
        |a: &&Call, b: &&Call| (a.agent, a.tool) == (b.agent, b.tool) && a.failed() && b.failed();
    for run in ended.chunk_by(continues) {
        if run.len() >= STREAK_MIN && run[0].failed() {
            found.push(failure(events, run));
        }
    }
    found.sort_by_key(|streak| std::cmp::Reverse(streak.count));
    found.truncate(LISTED_MAX);
    found
}

fn failure(events: &Events, calls: &[&Call]) -> RepeatedFailure {
    let first = calls[0];
    let same = calls.iter().all(|call| call.args_hash == first.args_hash);
    let args = events.repeated_args.get(&(first.tool, first.args_hash)).filter(|_| same);
    let agents: BTreeSet<&str> = calls.iter().filter_map(|call| events.agent(call.agent)).collect();
    RepeatedFailure {
        tool: events.tool(first).to_string(),
        args: args.map_or(Value::Null, |text| {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }),
        count: calls.len() as u64,
        agents: agents.into_iter().map(String::from).collect(),
        total_ms: calls.iter().map(|call| f64::from(call.elapsed_ms)).sum::<f64>().round() as u64,
        lines: calls.iter().take(LINES_MAX).map(|call| call.line()).collect(),
    }
}
