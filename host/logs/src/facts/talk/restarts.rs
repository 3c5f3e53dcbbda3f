//! Rounds that were begun again, and time that ran out.

use serde::Serialize;

use super::super::interval::ms;
use super::super::place::Place;
use crate::events::MomentKind;
use crate::run::Attempt;

/// Restarts that are listed; their number is exact in any case.
const LISTED_MAX: usize = 5_000;

/// An agent that was made to begin again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restart {
    /// Who.
    pub agent: String,
    /// Why, in MassGen's words.
    pub reason: String,
    /// The answer that was handed in before it.
    pub after_answer: Option<String>,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Line in `events.jsonl`.
    pub line: u64,
}

/// Time that ran out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimedOut {
    /// Whose; none if it was the orchestrator's.
    pub agent: Option<String>,
    /// Why, in MassGen's words.
    pub reason: String,
    /// Where it shows.
    #[serde(flatten)]
    pub place: Place,
}

pub(in crate::facts) fn restarts(attempt: &Attempt, origin_us: i64) -> Vec<Restart> {
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

pub(in crate::facts) fn timeouts(attempt: &Attempt) -> Vec<TimedOut> {
    let mut found = Vec::new();
    for moment in attempt.events.iter().flat_map(|events| &events.moments) {
        if let MomentKind::Timeout(timeout) = &moment.kind {
            let line = u64::from(moment.line);
            let place = Place::of(&attempt.path, "events.jsonl", line, line);
            found.push(TimedOut { agent: None, reason: timeout.0.clone(), place });
        }
    }
    for event in attempt.coordination.iter().filter(|event| event.kind == "agent_timeout") {
        let place = Place::of(&attempt.path, "coordination_events.json", event.line, event.line);
        found.push(TimedOut { agent: event.agent.clone(), reason: event.details.clone(), place });
    }
    found
}
