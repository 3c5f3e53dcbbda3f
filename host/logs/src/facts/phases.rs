//! Phases of an attempt. Agent time overlaps; the wall time of a phase is the time that its rounds cover together.

use serde::Serialize;

use super::agents::AgentFacts;
use super::interval::union_ms;

/// Rounds of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phase {
    /// Kind of the rounds: `initial_answer`, `voting`, `presentation`, …
    pub phase: String,
    /// Number of rounds.
    pub count: u64,
    /// Sum of their durations.
    pub total_ms: u64,
    /// Mean duration.
    pub avg_ms: u64,
    /// Longest duration.
    pub max_ms: u64,
    /// Wall time that the rounds cover together.
    pub wall_ms: u64,
    /// Share of all agent time, 0 to 1.
    pub share: f64,
}

/// A phase whose rounds are being added.
struct OpenPhase {
    start_ms: u64,
    phase: Phase,
    /// Start and end of each round, in microseconds.
    intervals: Vec<(i64, i64)>,
}

/// The phases, in the order in which they started.
pub(super) fn phases(agents: &[AgentFacts]) -> Vec<Phase> {
    let mut open: Vec<OpenPhase> = Vec::new();
    for round in agents.iter().flat_map(|agent| &agent.round_list) {
        let index = match open.iter().position(|open| open.phase.phase == round.kind) {
            Some(index) => index,
            None => {
                let phase = empty(&round.kind);
                open.push(OpenPhase { start_ms: round.start_ms, phase, intervals: Vec::new() });
                open.len() - 1
            }
        };
        let OpenPhase { start_ms, phase, intervals } = &mut open[index];
        *start_ms = (*start_ms).min(round.start_ms);
        phase.count += 1;
        phase.total_ms += round.wall_ms;
        phase.max_ms = phase.max_ms.max(round.wall_ms);
        let start = i64::try_from(round.start_ms).unwrap_or(i64::MAX / 4000);
        let wall = i64::try_from(round.wall_ms).unwrap_or(0);
        intervals.push((start * 1000, (start + wall) * 1000));
    }
    open.sort_by_key(|open| open.start_ms);
    let total: u64 = open.iter().map(|open| open.phase.total_ms).sum();
    let finished = open.into_iter().map(|OpenPhase { phase, intervals, .. }| Phase {
        avg_ms: phase.total_ms / phase.count.max(1),
        wall_ms: union_ms(intervals),
        share: (phase.total_ms as f64 / total.max(1) as f64 * 1000.0).round() / 1000.0,
        ..phase
    });
    finished.collect()
}

fn empty(kind: &str) -> Phase {
    Phase {
        phase: kind.to_string(),
        count: 0,
        total_ms: 0,
        avg_ms: 0,
        max_ms: 0,
        wall_ms: 0,
        share: 0.0,
    }
}
