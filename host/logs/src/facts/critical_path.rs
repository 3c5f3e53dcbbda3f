//! The chain of rounds that determined when the attempt ended.

use serde::Serialize;

use super::agents::MeasuredAgent;
use super::interval::ms;
use super::rounds::ObservedRound;

/// A round may start slightly before the round that it waited for is logged as ended.
const SLACK_US: i64 = 50_000;

/// One round of the critical path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// Agent of the round.
    pub agent: String,
    /// Number among the agent's rounds, from 0.
    pub round: usize,
    /// Wall time.
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

/// Walks back from the round that ended last: each round waited for the one that ended last before it started. Rounds
/// of different agents are not aligned, so adding up the slowest round of each number would count overlapping time
/// twice.
pub(super) fn critical_path(agents: &[MeasuredAgent], origin_us: i64) -> Vec<Leg> {
    let mut candidates: Vec<(&str, usize, &ObservedRound)> = agents
        .iter()
        .flat_map(|agent| {
            let rounds = agent.rounds.iter().enumerate();
            rounds.map(|(index, round)| (agent.facts.id.as_str(), index, round))
        })
        .filter(|(_, _, round)| round.end_us > round.start_us)
        .collect();
    // The answer is complete when the presentation ends; later log entries delay nothing.
    let presentations = candidates.iter().filter(|(_, _, round)| round.outcome == "presentation");
    if let Some(end_us) = presentations.map(|(_, _, round)| round.end_us).max() {
        candidates.retain(|(_, _, round)| round.end_us <= end_us);
    }
    candidates.sort_by_key(|(_, _, round)| round.end_us);
    let mut path: Vec<Leg> = Vec::new();
    // Starts only go back in time, so a round that does not fit now never will.
    let mut next_start_us = i64::MAX;
    while let Some((agent, index, round)) = candidates.pop() {
        let fits = path.is_empty()
            || (round.end_us <= next_start_us + SLACK_US && round.start_us < next_start_us);
        if !fits {
            continue;
        }
        next_start_us = round.start_us;
        path.push(Leg {
            agent: agent.to_string(),
            round: index,
            ms: round.wall_ms(),
            start_ms: ms(round.start_us - origin_us),
            outcome: round.outcome,
            line: round.line,
            end_line: round.end_line,
        });
    }
    path.reverse();
    path
}
