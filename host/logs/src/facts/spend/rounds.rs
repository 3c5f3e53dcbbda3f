//! Matches recorded rounds with observed ones. Their numbers differ, so they are matched by time. The metrics use Unix
//! time and the events local time; the offset comes from the run itself.

use std::collections::HashMap;

use serde::Serialize;

use super::super::rounds::ObservedRound;
use super::AgentUsage;
use crate::run::{Attempt, RecordedRound};
use crate::time::naive_us;

/// Offsets from UTC are multiples of a quarter of an hour.
const QUARTER_US: i64 = 900 * 1_000_000;

/// Maximum distance of the two recorded times of a round's start or end.
const TOLERANCE_US: i64 = 1_500_000;

/// Tokens and cost of a round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundSpend {
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Reply tokens.
    pub output_tokens: u64,
    /// Cached part of the prompt.
    pub cached_tokens: u64,
    /// Reasoning part of the reply.
    pub reasoning_tokens: u64,
    /// Cost, as MassGen estimated it.
    pub cost_usd: f64,
    /// File below the attempt that has these figures.
    pub file: String,
    /// Line in that file.
    pub line: u64,
}

impl RoundSpend {
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

/// Kind and spend of each round that the metrics include, by the round's index.
pub(in crate::facts) fn spend_of(
    rounds: &[ObservedRound],
    usage: &AgentUsage<'_>,
    attempt: &Attempt,
) -> HashMap<usize, (String, RoundSpend)> {
    let mut found = HashMap::new();
    let Some(offset) = offset_us(attempt, rounds, usage) else { return found };
    for recorded in &usage.rounds {
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
            let spend = RoundSpend::of(recorded, &attempt.counters.file);
            found.insert(at, (recorded.kind.clone(), spend));
        }
    }
    found
}

/// Offset from Unix time to the run's local time.
fn offset_us(attempt: &Attempt, rounds: &[ObservedRound], usage: &AgentUsage<'_>) -> Option<i64> {
    let started = attempt.metadata.started.as_deref().and_then(naive_us);
    let recorded = attempt.status.as_ref().map(|s| s.start_ms * 1000).filter(|start| *start > 0);
    let (local, unix) = match (started, recorded) {
        (Some(started), Some(recorded)) => (started, recorded),
        _ => (rounds.first()?.start_us, usage.rounds.first()?.start_ms * 1000),
    };
    let quarters = ((local - unix) as f64 / QUARTER_US as f64).round() as i64;
    Some(quarters * QUARTER_US)
}
