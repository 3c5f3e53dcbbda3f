//! Times and call counts of one agent.

use crate::events::{Call, Events, Span};
use crate::facts::interval::{ms, union_ms};
use crate::facts::rounds::ObservedRound;
use crate::facts::spend::AgentUsage;

/// Times of an agent.
#[derive(Default)]
pub(super) struct Times {
    pub(super) wall_ms: u64,
    pub(super) think_ms: u64,
    pub(super) exec_ms: u64,
    pub(super) shell_ms: u64,
    pub(super) startup_ms: u64,
    pub(super) idle_ms: u64,
    pub(super) time_to_first_tool_ms: Option<u64>,
}

pub(super) fn times(span: &Span, rounds: &[ObservedRound], calls: &[&Call]) -> Times {
    let wall_ms = ms(span.last_us - span.first_us);
    let start = rounds.first().map_or(span.first_us, |round| round.start_us);
    let exec_ms = union_ms(calls.iter().copied().map(interval_of));
    let shell_calls = calls.iter().filter(|call| call.pattern > 0);
    let in_rounds: u64 = rounds.iter().map(ObservedRound::wall_ms).sum();
    let startups =
        rounds.iter().filter_map(|round| Some(ms(round.first_activity_us? - round.start_us)));
    Times {
        wall_ms,
        think_ms: in_rounds.saturating_sub(exec_ms),
        exec_ms,
        shell_ms: union_ms(shell_calls.copied().map(interval_of)),
        startup_ms: startups.sum(),
        idle_ms: wall_ms.saturating_sub(in_rounds),
        time_to_first_tool_ms: calls.first().map(|call| ms(call.start_us - start)),
    }
}

/// Times of an agent without events: only the duration of its recorded rounds is known.
pub(super) fn recorded_times(usage: &AgentUsage<'_>) -> Times {
    let durations = usage.rounds.iter().map(|round| round.duration_ms as u64);
    Times { wall_ms: durations.sum(), ..Times::default() }
}

#[derive(Default)]
pub(super) struct CallCounts {
    pub(super) finished: u64,
    pub(super) failures: u64,
    pub(super) recorded_failures: u64,
    pub(super) unfinished: u64,
    pub(super) bg_wait_ms: u64,
}

pub(super) fn count_calls(events: &Events, calls: &[&Call]) -> CallCounts {
    let mut counts = CallCounts::default();
    for call in calls {
        if !call.ended() {
            counts.unfinished += 1;
            continue;
        }
        counts.finished += 1;
        counts.failures += u64::from(call.failed());
        counts.recorded_failures += u64::from(call.recorded_failure());
        if events.tool(call).contains("wait_for_background_tool") {
            counts.bg_wait_ms += call.elapsed_ms.round() as u64;
        }
    }
    counts
}

fn interval_of(call: &Call) -> (i64, i64) {
    (call.start_us, call.end_us)
}
