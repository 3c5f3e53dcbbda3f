//! Tools and tool servers, one row each.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::events::{Call, Events};

/// One tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolRow {
    /// The tool's name.
    pub name: String,
    /// Server in `mcp__<server>__<tool>`, or `custom`, or `built-in`.
    pub server: String,
    /// Finished calls.
    pub calls: u64,
    /// Finished calls whose result shows a failure.
    pub failures: u64,
    /// Calls that MassGen recorded as failures.
    pub recorded_failures: u64,
    /// Calls that never finished.
    pub unfinished: u64,
    /// Calls that continued in the background; their times cover only the start.
    pub background: u64,
    /// Total time of the calls.
    pub total_ms: f64,
    /// Mean time.
    pub avg_ms: f64,
    /// Median time.
    pub p50_ms: f64,
    /// 95th percentile of the times (nearest rank).
    pub p95_ms: f64,
    /// Time of the slowest call.
    pub max_ms: f64,
    /// Line in `events.jsonl` on which the slowest call ended.
    pub slowest_line: u64,
    /// Characters of all results.
    pub result_chars: u64,
    /// Characters of the largest result.
    pub largest_result_chars: u64,
    /// Agents that called it.
    pub agents: Vec<String>,
}

/// The tools of one server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServerRow {
    /// The server's name.
    pub server: String,
    /// Number of its tools that were called.
    pub tools: u64,
    /// Finished calls.
    pub calls: u64,
    /// Finished calls that failed.
    pub failures: u64,
    /// Total time of the calls.
    pub total_ms: f64,
}

/// Returns one row for each tool in these event logs, by name.
pub(crate) fn rows<'a>(logs: impl Iterator<Item = &'a Events>) -> Vec<ToolRow> {
    let mut tools: BTreeMap<&str, ToolCalls<'a>> = BTreeMap::new();
    for events in logs {
        let mut of_log: Vec<ToolCalls<'a>> = Vec::new();
        of_log.resize_with(events.tools.len(), ToolCalls::default);
        for call in &events.calls {
            if let Some(calls) = of_log.get_mut(usize::from(call.tool)) {
                calls.add(call);
            }
        }
        for (name, mut calls) in events.tools.iter().zip(of_log) {
            let indices = std::mem::take(&mut calls.agent_indices);
            calls.agents.extend(indices.into_iter().filter_map(|agent| events.agent(agent)));
            tools.entry(name).or_default().join(calls);
        }
    }
    tools.into_iter().map(|(name, calls)| calls.row(name)).collect()
}

/// Sums up tools by server, most time first.
pub(super) fn servers(rows: &[ToolRow]) -> Vec<ServerRow> {
    let mut servers: BTreeMap<&str, ServerRow> = BTreeMap::new();
    for row in rows {
        let sum = servers.entry(&row.server).or_insert_with(|| ServerRow {
            server: row.server.clone(),
            tools: 0,
            calls: 0,
            failures: 0,
            total_ms: 0.0,
        });
        sum.tools += 1;
        sum.calls += row.calls;
        sum.failures += row.failures;
        sum.total_ms = tenths(sum.total_ms + row.total_ms);
    }
    let mut found: Vec<_> = servers.into_values().collect();
    found.sort_by(|a, b| b.total_ms.total_cmp(&a.total_ms));
    found
}

/// Calls of one tool.
#[derive(Default)]
struct ToolCalls<'a> {
    times_ms: Vec<f32>,
    unfinished: u64,
    failures: u64,
    recorded_failures: u64,
    background: u64,
    result_chars: u64,
    largest: u64,
    slowest: (f32, u64),
    /// Agents by their index in one log; resolved to ids at the end of the log.
    agent_indices: BTreeSet<u16>,
    agents: BTreeSet<&'a str>,
}

impl<'a> ToolCalls<'a> {
    fn add(&mut self, call: &Call) {
        self.agent_indices.insert(call.agent);
        if !call.ended() {
            self.unfinished += 1;
            return;
        }
        self.times_ms.push(call.elapsed_ms);
        self.failures += u64::from(call.failed());
        self.recorded_failures += u64::from(call.recorded_failure());
        self.background += u64::from(call.background());
        self.result_chars += u64::from(call.result_chars);
        self.largest = self.largest.max(u64::from(call.result_chars));
        if self.slowest.1 == 0 || call.elapsed_ms > self.slowest.0 {
            self.slowest = (call.elapsed_ms, call.line());
        }
    }

    fn join(&mut self, other: Self) {
        self.times_ms.extend(other.times_ms);
        self.unfinished += other.unfinished;
        self.failures += other.failures;
        self.recorded_failures += other.recorded_failures;
        self.background += other.background;
        self.result_chars += other.result_chars;
        self.largest = self.largest.max(other.largest);
        if self.slowest.1 == 0 || other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
        self.agents.extend(other.agents);
    }

    fn row(mut self, name: &str) -> ToolRow {
        self.times_ms.sort_unstable_by(f32::total_cmp);
        let calls = self.times_ms.len() as u64;
        let total: f64 = self.times_ms.iter().map(|ms| f64::from(*ms)).sum();
        ToolRow {
            name: name.to_string(),
            server: server(name).to_string(),
            calls,
            failures: self.failures,
            recorded_failures: self.recorded_failures,
            unfinished: self.unfinished,
            background: self.background,
            total_ms: tenths(total),
            avg_ms: tenths(if calls == 0 { 0.0 } else { total / calls as f64 }),
            p50_ms: tenths(percentile(&self.times_ms, 0.50)),
            p95_ms: tenths(percentile(&self.times_ms, 0.95)),
            max_ms: tenths(self.times_ms.last().copied().map_or(0.0, f64::from)),
            slowest_line: self.slowest.1,
            result_chars: self.result_chars,
            largest_result_chars: self.largest,
            agents: self.agents.into_iter().map(String::from).collect(),
        }
    }
}

/// Server of a tool, from its name: MassGen's field for it is always `mcp`.
fn server(tool: &str) -> &str {
    if let Some(rest) = tool.strip_prefix("mcp__") {
        return rest.split("__").next().unwrap_or(rest);
    }
    if tool.starts_with("custom_tool__") { "custom" } else { "built-in" }
}

/// Returns the percentile `share` of sorted values by nearest rank.
fn percentile(sorted: &[f32], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().map_or(0.0, f64::from)
}

fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}
