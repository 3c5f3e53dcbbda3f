//! What must come of a recorded exchange.

use massgen_models::event::Event;
use massgen_models::failure::{Failure, FailureKind};
use massgen_runtime::rehearsal::{Ending, Rehearsed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Events, and how the exchange failed if it did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Events, neighbouring pieces joined.
    pub events: Vec<Event>,
    /// The kind and the message of the failure at their end.
    pub failed: Option<(FailureKind, String)>,
}

#[derive(Serialize, Deserialize)]
struct FailedLine {
    failed: FailedBody,
}

#[derive(Serialize, Deserialize)]
struct FailedBody {
    kind: FailureKind,
    message: String,
}

impl Expect {
    /// What came of a rehearsal. A fault of the plugin counts as a failure of the kind `plugin`.
    pub fn of(done: &Rehearsed) -> Self {
        let failed = match &done.ending {
            Ending::Finished => None,
            Ending::Failed(Failure { kind, message, .. }) => Some((*kind, message.clone())),
            Ending::Waiting => {
                Some((FailureKind::Plugin, "it asked for more than was recorded".into()))
            }
            Ending::Refused { why, .. } | Ending::Crashed(why) | Ending::Breach(why) => {
                Some((FailureKind::Plugin, why.clone()))
            }
        };
        Self { events: joined(&done.events), failed }
    }

    /// One JSON document a line.
    pub fn to_lines(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            text.push_str(&line(event));
        }
        if let Some((kind, message)) = &self.failed {
            let body = FailedBody { kind: *kind, message: message.clone() };
            text.push_str(&line(&FailedLine { failed: body }));
        }
        text
    }

    /// Reads what [`Self::to_lines`] wrote.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut expect = Self::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |error: serde_json::Error| format!("line {}: {error}", at + 1);
            let document: Value = serde_json::from_str(line).map_err(wrong)?;
            if document.get("failed").is_some() {
                let failed: FailedLine = serde_json::from_value(document).map_err(wrong)?;
                expect.failed = Some((failed.failed.kind, failed.failed.message));
            } else {
                expect.events.push(serde_json::from_value(document).map_err(wrong)?);
            }
        }
        Ok(expect)
    }

    /// Says what differs.
    pub fn compare(&self, now: &Self) -> Result<(), String> {
        let (want, got) = (self.to_lines(), now.to_lines());
        if want == got {
            return Ok(());
        }
        let (mut wanted, mut given) = (want.lines(), got.lines());
        let mut number = 0;
        loop {
            number += 1;
            match (wanted.next(), given.next()) {
                (Some(a), Some(b)) if a == b => {}
                (None, None) => return Ok(()),
                (a, b) => {
                    let shown = |line: Option<&str>| line.unwrap_or("nothing").to_string();
                    return Err(format!(
                        "expect.jsonl line {number} is {}, and the plugin gave {}",
                        shown(a),
                        shown(b)
                    ));
                }
            }
        }
    }
}

fn line(document: &impl Serialize) -> String {
    let mut line = serde_json::to_string(document).unwrap_or_default();
    line.push('\n');
    line
}

/// Events with neighbouring pieces of one text, one thought or one call's arguments joined: how a reply was
/// cut is nobody's business.
pub fn joined(events: &[Event]) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    for event in events {
        match (all.last_mut(), event) {
            (Some(Event::Text(whole)), Event::Text(piece))
            | (Some(Event::Reasoning(whole)), Event::Reasoning(piece)) => whole.push_str(piece),
            (
                Some(Event::ToolCallDelta { index: of, json: whole }),
                Event::ToolCallDelta { index, json },
            ) if of == index => whole.push_str(json),
            _ => all.push(event.clone()),
        }
    }
    all.retain(
        |event| !matches!(event, Event::Text(text) | Event::Reasoning(text) if text.is_empty()),
    );
    all
}
