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
    /// Milliseconds after the attempt's first event.
    pub start_ms: u64,
    /// How the round ended.
    pub outcome: &'static str,
    /// First line of the round in `events.jsonl`.
    pub line: u64,
    /// Last line.
    pub end_line: u64,
}

/// Walks back from the round that ended last: each round waited for the one that ended last before it
/// began. Rounds of different agents are not aligned, so that "the slowest of each round" would add up
/// times that overlap.
pub(super) fn critical_path(rounds: &[(String, Vec<Round>)], origin_us: i64) -> Vec<Leg> {
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
    let mut path: Vec<Leg> = Vec::new();
    // Starts only go back in time, so that a round that does not fit now never will.
    let mut before = i64::MAX;
    while let Some((agent, index, round)) = all.pop() {
        let fits =
            path.is_empty() || (round.end_us <= before + SLACK_US && round.start_us < before);
        if !fits {
            continue;
        }
        before = round.start_us;
        path.push(Leg {
            agent: agent.to_string(),
            round: index,
            ms: round.wall_ms(),
            start_ms: super::interval::ms(round.start_us - origin_us),
            outcome: round.outcome,
            line: round.line,
            end_line: round.end_line,
        });
    }
    path.reverse();
    path
}
