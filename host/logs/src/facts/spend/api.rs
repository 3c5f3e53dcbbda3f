//! Requests to models' services, as far as MassGen counts them: no list of calls, no failures, no retries.

use serde::Serialize;

use crate::run::{ApiTiming, Attempt};

/// Requests of an attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ApiFacts {
    /// Those that MassGen counted, for this attempt alone.
    pub calls: u64,
    /// Their time.
    pub total_ms: u64,
    /// Mean.
    pub avg_ms: Option<f64>,
    /// Mean time to the first text as recorded, replies without text counted as 0.
    pub recorded_avg_ttft_ms: f64,
    /// Mean over the rounds that recorded a time at all; still too low where some of their replies held
    /// tool calls only.
    pub avg_ttft_ms: Option<f64>,
    /// Failed requests that the text log shows; MassGen counts none.
    pub failed: u64,
    /// By round, as recorded and running on.
    pub by_round: Vec<ApiTiming>,
    /// By `backend`, as recorded and running on.
    pub by_backend: Vec<ApiTiming>,
    /// File of the attempt that holds them.
    pub file: String,
    /// Line in that file; 0 where there is none.
    pub line: u64,
}

pub(in crate::facts) fn api(attempt: &Attempt, before: &[&Attempt]) -> ApiFacts {
    let counters = &attempt.counters;
    let earlier = before
        .last()
        .map(|earlier| &earlier.counters)
        .filter(|earlier| runs_on(attempt, before) && earlier.api_calls <= counters.api_calls);
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
        line: counters.places.line("api_timing"),
    }
}

/// The counters of this attempt go on where those before ended: some agent's earlier rounds stand in them.
fn runs_on(attempt: &Attempt, before: &[&Attempt]) -> bool {
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
