//! Which recorded round belongs to which round of the events. Their numbers differ, so that they are matched
//! by time; the metrics tell the time in seconds since 1970, the events in local time, and the difference is
//! taken from the run itself.

use std::collections::HashMap;

use serde::Serialize;

use super::super::segments::Round;
use super::Own;
use crate::run::{Attempt, RecordedRound};
use crate::time::naive_us;

/// Offsets between clocks are whole quarters of an hour.
const QUARTER_US: i64 = 900 * 1_000_000;

/// How far apart the two records of one round's start or end may be.
const TOLERANCE_US: i64 = 1_500_000;

/// What a round used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentSpend {
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Reply tokens.
    pub output_tokens: u64,
    /// Cached part of the prompt.
    pub cached_tokens: u64,
    /// Reasoning part of the reply.
    pub reasoning_tokens: u64,
    /// As MassGen estimated it.
    pub cost_usd: f64,
    /// File of the attempt that holds it.
    pub file: String,
    /// Line in that file.
    pub line: u64,
}

impl SegmentSpend {
    pub(in crate::facts) fn of(round: &RecordedRound, file: &str) -> Self {
        Self {
            input_tokens: round.tokens.input,
            output_tokens: round.tokens.output,
            cached_tokens: round.tokens.cached,
            reasoning_tokens: round.tokens.reasoning,
            cost_usd: round.tokens.cost_usd,
            file: file.to_string(),
            line: round.line,
        }
    }
}

/// Kind and spend of each round that the metrics hold, by the round's place.
pub(in crate::facts) fn spend_of(
    rounds: &[Round],
    own: &Own<'_>,
    attempt: &Attempt,
) -> HashMap<usize, (String, SegmentSpend)> {
    let mut found = HashMap::new();
    let Some(offset) = offset_us(attempt, rounds, own) else { return found };
    for recorded in &own.rounds {
        let (start, end) = (recorded.start_ms * 1000 + offset, recorded.end_ms * 1000 + offset);
        let fits = rounds
            .iter()
            .enumerate()
            .filter(|(at, _)| !found.contains_key(at))
            .map(|(at, round)| {
                let end_differs = if recorded.end_ms > 0 { (round.end_us - end).abs() } else { 0 };
                (at, (round.start_us - start).abs(), end_differs)
            })
            .filter(|(_, start, end)| *start <= TOLERANCE_US || *end <= TOLERANCE_US)
            .min_by_key(|(_, start, end)| start + end);
        if let Some((at, _, _)) = fits {
            let spend = SegmentSpend::of(recorded, &attempt.counters.file);
            found.insert(at, (recorded.kind.clone(), spend));
        }
    }
    found
}

/// What is added to Unix time to get the run's local time.
fn offset_us(attempt: &Attempt, rounds: &[Round], own: &Own<'_>) -> Option<i64> {
    let started = attempt.metadata.started.as_deref().and_then(naive_us);
    let recorded = attempt.status.as_ref().map(|s| s.start_ms * 1000).filter(|start| *start > 0);
    let (local, unix) = match (started, recorded) {
        (Some(started), Some(recorded)) => (started, recorded),
        _ => (rounds.first()?.start_us, own.rounds.first()?.start_ms * 1000),
    };
    let quarters = ((local - unix) as f64 / QUARTER_US as f64).round() as i64;
    Some(quarters * QUARTER_US)
}
