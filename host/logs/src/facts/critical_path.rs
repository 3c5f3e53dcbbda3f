//! The chain of rounds that decided when the attempt was over.

use serde::Serialize;

use super::segments::Round;

/// A round may begin a little before the one that it waited for is logged as over.
const SLACK_US: i64 = 50_000;

/// One round of the critical path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// Whose round it is.
    pub agent: String,
    /// Which of the agent's rounds, from 0.
    pub round: usize,
    /// Its wall time.
    pub ms: u64,
}

/// Walks back from the round that ended last: each round waited for the one that ended last before it
/// began. Rounds of different agents are not aligned, so that "the slowest of each round" would add up
/// times that overlap.
pub(super) fn critical_path(rounds: &[(String, Vec<Round>)]) -> Vec<Leg> {
    let mut all: Vec<(&str, usize, &Round)> = rounds
        .iter()
        .flat_map(|(agent, rounds)| {
            rounds.iter().enumerate().map(move |(index, round)| (agent.as_str(), index, round))
        })
        .filter(|(_, _, round)| round.end_us > round.start_us)
        .collect();
    // The answer is there when the presentation is over; what agents log after it decides nothing.
    if let Some(end) = all
        .iter()
        .filter(|(_, _, round)| round.outcome == "presentation")
        .map(|(_, _, round)| round.end_us)
        .max()
    {
        all.retain(|(_, _, round)| round.end_us <= end);
    }
    all.sort_by_key(|(_, _, round)| round.end_us);
    let mut path = Vec::new();
    while let Some((agent, index, round)) = all.pop() {
        path.push(Leg { agent: agent.to_string(), round: index, ms: round.wall_ms() });
        let start = round.start_us;
        all.retain(|(_, _, earlier)| {
            earlier.end_us <= start + SLACK_US && earlier.start_us < start
        });
    }
    path.reverse();
    path
}
