//! Phases of an attempt. Durations are agent time, which overlaps; the wall time of a phase is what its
//! rounds cover together.

use serde::Serialize;

use super::agents::AgentFacts;
use super::interval::union_ms;

/// Rounds of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Phase {
    /// `initial_answer`, `voting`, `presentation`, …
    pub phase: String,
    /// Rounds.
    pub count: u64,
    /// Sum of their durations.
    pub total_ms: u64,
    /// Mean.
    pub avg_ms: u64,
    /// The longest.
    pub max_ms: u64,
    /// Wall time that they cover together.
    pub wall_ms: u64,
    /// Share of all agent time, 0 to 1.
    pub share: f64,
}

/// A phase while its rounds are gathered: when it began, and the time that each round takes.
type Gathered = (u64, Phase, Vec<(i64, i64)>);

/// The phases in the order in which they began.
pub(super) fn phases(agents: &[AgentFacts]) -> Vec<Phase> {
    let mut found: Vec<Gathered> = Vec::new();
    for segment in agents.iter().flat_map(|agent| &agent.segments) {
        let at = match found.iter().position(|(_, phase, _)| phase.phase == segment.kind) {
            Some(at) => at,
            None => {
                let phase = Phase {
                    phase: segment.kind.to_string(),
                    count: 0,
                    total_ms: 0,
                    avg_ms: 0,
                    max_ms: 0,
                    wall_ms: 0,
                    share: 0.0,
                };
                found.push((segment.start_ms, phase, Vec::new()));
                found.len() - 1
            }
        };
        let (first, phase, spans) = &mut found[at];
        *first = (*first).min(segment.start_ms);
        phase.count += 1;
        phase.total_ms += segment.wall_ms;
        phase.max_ms = phase.max_ms.max(segment.wall_ms);
        let start = i64::try_from(segment.start_ms).unwrap_or(i64::MAX / 4000);
        let wall = i64::try_from(segment.wall_ms).unwrap_or(0);
        spans.push((start * 1000, (start + wall) * 1000));
    }
    found.sort_by_key(|(first, _, _)| *first);
    let all: u64 = found.iter().map(|(_, phase, _)| phase.total_ms).sum();
    let finished = found.into_iter().map(|(_, mut phase, spans)| {
        phase.avg_ms = phase.total_ms / phase.count.max(1);
        phase.wall_ms = union_ms(spans);
        phase.share = (phase.total_ms as f64 / all.max(1) as f64 * 1000.0).round() / 1000.0;
        phase
    });
    finished.collect()
}
