//! Requests to model services. MassGen records totals only: no single requests, failures or retries.

use serde::Serialize;

use crate::run::{ApiTiming, Attempt};

/// Requests to model services.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ApiFacts {
    /// Requests that MassGen counted, for this attempt alone.
    pub calls: u64,
    /// Total time of the requests.
    pub total_ms: u64,
    /// Mean time of a request.
    pub avg_ms: Option<f64>,
    /// Mean time to first text as recorded; replies without text count as 0.
    pub recorded_avg_ttft_ms: f64,
    /// Mean over the rounds with a recorded time; still too low if some of their replies held only tool calls.
    pub avg_ttft_ms: Option<f64>,
    /// Failed requests in the text log; MassGen counts none.
    pub failed: u64,
    /// Requests by round, as recorded and cumulative.
    pub by_round: Vec<ApiTiming>,
    /// Requests by `backend`, as recorded and cumulative.
    pub by_backend: Vec<ApiTiming>,
    /// File below the attempt that has these figures.
    pub file: String,
    /// Line in that file; 0 if there is none.
    pub line: u64,
}

pub(in crate::facts) fn api(attempt: &Attempt, before: &[&Attempt]) -> ApiFacts {
    let counters = &attempt.counters;
    let earlier = before.last().map(|earlier| &earlier.counters).filter(|earlier| {
        is_cumulative(attempt, before) && earlier.api_calls <= counters.api_calls
    });
    let calls = counters.api_calls - earlier.map_or(0, |earlier| earlier.api_calls);
    let time = counters.api_time_ms - earlier.map_or(0.0, |earlier| earlier.api_time_ms);
    let timed: Vec<_> = counters.api_by_round.iter().filter(|round| round.ttft_ms > 0.0).collect();
    let timed_calls: u64 = timed.iter().map(|round| round.calls).sum();
    let ttft: f64 = timed.iter().map(|round| round.ttft_ms).sum();
    ApiFacts {
        calls,
        total_ms: time.max(0.0).round() as u64,
        avg_ms: (calls > 0).then(|| tenths(time / calls as f64)),
        recorded_avg_ttft_ms: counters.avg_ttft_ms,
        avg_ttft_ms: (timed_calls > 0).then(|| tenths(ttft / timed_calls as f64)),
        failed: attempt.log.api_error_count,
        by_round: counters.api_by_round.clone(),
        by_backend: counters.api_by_backend.clone(),
        file: counters.file.clone(),
        line: counters.lines.line("api_timing"),
    }
}

/// Whether this attempt's counters include the previous attempt: some agent's earlier rounds appear in both.
fn is_cumulative(attempt: &Attempt, before: &[&Attempt]) -> bool {
    let Some(earlier) = before.last() else { return false };
    attempt.counters.agents.iter().any(|(id, now)| {
        earlier.counters.agents.get(id).is_some_and(|then| {
            now.rounds
                .iter()
                .any(|round| then.rounds.iter().any(|earlier| earlier.start_ms == round.start_ms))
        })
    })
}

fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}
