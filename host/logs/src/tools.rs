//! Tools of a turn, one row each. Serialises as the rows of `tools/1`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::run::{EventKind, Run};

/// One tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolRow {
    /// Its name.
    pub name: String,
    /// Finished calls.
    pub calls: u64,
    /// Those whose result shows a failure.
    pub failures: u64,
    /// Those that MassGen recorded as failures.
    pub recorded_failures: u64,
    /// Calls that never ended.
    pub unfinished: u64,
    /// Sum of the calls' times.
    pub total_ms: f64,
    /// Mean.
    pub avg_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 95th percentile (nearest rank).
    pub p95_ms: f64,
    /// The slowest call.
    pub max_ms: f64,
    /// Characters of all results.
    pub result_chars: u64,
}

/// How rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Most time first.
    Time,
    /// Most calls first.
    Calls,
    /// Most failures first.
    Failures,
}

/// The tools of the last turn that was read; `attempt` narrows it to one attempt.
pub fn rows(run: &Run, attempt: Option<u32>, sort: Sort) -> Vec<ToolRow> {
    let mut tools: BTreeMap<&str, Gathered> = BTreeMap::new();
    let attempts = run.turns.last().map(|turn| turn.attempts.as_slice()).unwrap_or_default();
    for events in attempts
        .iter()
        .filter(|a| attempt.is_none_or(|number| a.number == number))
        .filter_map(|a| a.events.as_ref())
    {
        for event in events {
            match &event.kind {
                EventKind::ToolStart { tool, .. } => tools.entry(tool).or_default().started += 1,
                EventKind::ToolEnd {
                    tool,
                    elapsed_ms,
                    failure,
                    recorded_failure,
                    result_chars,
                    ..
                } => {
                    let gathered = tools.entry(tool).or_default();
                    gathered.times_ms.push(*elapsed_ms);
                    gathered.failures += u64::from(failure.is_some());
                    gathered.recorded_failures += u64::from(*recorded_failure);
                    gathered.result_chars += result_chars;
                }
                _ => {}
            }
        }
    }
    let mut rows: Vec<ToolRow> =
        tools.into_iter().map(|(name, gathered)| gathered.row(name)).collect();
    rows.sort_by(|a, b| match sort {
        Sort::Time => b.total_ms.total_cmp(&a.total_ms),
        Sort::Calls => b.calls.cmp(&a.calls),
        Sort::Failures => b.failures.cmp(&a.failures),
    });
    rows
}

#[derive(Default)]
struct Gathered {
    times_ms: Vec<f64>,
    started: u64,
    failures: u64,
    recorded_failures: u64,
    result_chars: u64,
}

impl Gathered {
    fn row(mut self, name: &str) -> ToolRow {
        self.times_ms.sort_unstable_by(f64::total_cmp);
        let calls = self.times_ms.len() as u64;
        let total: f64 = self.times_ms.iter().sum();
        ToolRow {
            name: name.to_string(),
            calls,
            failures: self.failures,
            recorded_failures: self.recorded_failures,
            unfinished: self.started.saturating_sub(calls),
            total_ms: tenths(total),
            avg_ms: tenths(if calls == 0 { 0.0 } else { total / calls as f64 }),
            p50_ms: tenths(rank(&self.times_ms, 0.50)),
            p95_ms: tenths(rank(&self.times_ms, 0.95)),
            max_ms: tenths(self.times_ms.last().copied().unwrap_or(0.0)),
            result_chars: self.result_chars,
        }
    }
}

/// Nearest rank of sorted values.
fn rank(sorted: &[f64], share: f64) -> f64 {
    let at = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}
