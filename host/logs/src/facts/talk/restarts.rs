//! Restarted rounds and timeouts.

use serde::Serialize;

use super::super::interval::ms;
use super::super::log_lines::LogLines;
use crate::events::MomentKind;
use crate::run::Attempt;

/// Maximum number of listed restarts; their count is always exact.
const LISTED_MAX: usize = 5_000;

/// A restart of an agent's round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restart {
    /// The agent.
    pub agent: String,
    /// Reason, as MassGen recorded it.
    pub reason: String,
    /// Label of the answer submitted before it.
    pub after_answer: Option<String>,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Line in `events.jsonl`.
    pub line: u64,
}

/// A timeout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimedOut {
    /// The agent; `null` for the orchestrator's timeout.
    pub agent: Option<String>,
    /// Reason, as MassGen recorded it.
    pub reason: String,
    /// Lines that show it.
    #[serde(flatten)]
    pub lines: LogLines,
}

pub(super) fn restarts(attempt: &Attempt, origin_us: i64) -> Vec<Restart> {
    let Some(events) = &attempt.events else { return Vec::new() };
    let mut answer: Option<&str> = None;
    let mut found = Vec::new();
    for moment in &events.moments {
        match &moment.kind {
            MomentKind::Answer(text) => answer = Some(&text.label),
            MomentKind::Restart(reason) if found.len() < LISTED_MAX => found.push(Restart {
                agent: events.agent(moment.agent).unwrap_or_default().to_string(),
                reason: reason.to_string(),
                after_answer: answer.map(String::from),
                at_ms: ms(moment.at_us - origin_us),
                line: u64::from(moment.line),
            }),
            _ => {}
        }
    }
    found
}

pub(super) fn timeouts(attempt: &Attempt) -> Vec<TimedOut> {
    let mut found = Vec::new();
    for moment in attempt.events.iter().flat_map(|events| &events.moments) {
        if let MomentKind::Timeout(timeout) = &moment.kind {
            let line = u64::from(moment.line);
            let lines = LogLines::of(&attempt.path, "events.jsonl", line, line);
            found.push(TimedOut { agent: None, reason: timeout.0.clone(), lines });
        }
    }
    for event in attempt.coordination.iter().filter(|event| event.kind == "agent_timeout") {
        let lines = LogLines::of(&attempt.path, "coordination_events.json", event.line, event.line);
        found.push(TimedOut { agent: event.agent.clone(), reason: event.details.clone(), lines });
    }
    found
}
