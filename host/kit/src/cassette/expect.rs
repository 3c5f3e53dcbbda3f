//! The expected result of a recorded exchange.

use massgen_models::event::Event;
use massgen_models::failure::{Failure, FailureKind};
use massgen_runtime::rehearsal::{Ending, Rehearsed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The expected events and, if the exchange fails, the failure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Events, with adjacent pieces joined.
    pub events: Vec<Event>,
    /// The failure after the last event.
    pub failed: Option<ExpectedFailure>,
}

#[derive(Serialize, Deserialize)]
struct FailedLine {
    failed: ExpectedFailure,
}

/// A failure, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpectedFailure {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The message.
    pub message: String,
}

impl Expect {
    /// Returns the result of a rehearsal. Errors of the plugin itself become failures of kind `plugin`.
    pub fn of(done: &Rehearsed) -> Self {
        let failed = match &done.ending {
            Ending::Finished => None,
            Ending::Failed(Failure { kind, message, .. }) => Some((*kind, message.clone())),
            Ending::Waiting => Some((
                FailureKind::Plugin,
                "the plugin sent more requests than were recorded".into(),
            )),
            Ending::Refused { why, .. } | Ending::Crashed(why) | Ending::Breach(why) => {
                Some((FailureKind::Plugin, why.clone()))
            }
        };
        let failed = failed.map(|(kind, message)| ExpectedFailure { kind, message });
        Self { events: joined(&done.events), failed }
    }

    /// Writes one JSON document per line.
    pub fn to_lines(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            text.push_str(&line(event));
        }
        if let Some(failed) = &self.failed {
            text.push_str(&line(&FailedLine { failed: failed.clone() }));
        }
        text
    }

    /// Reads the format of [`Self::to_lines`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut expect = Self::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |error: serde_json::Error| format!("line {}: {error}", at + 1);
            let document: Value = serde_json::from_str(line).map_err(wrong)?;
            if document.get("failed").is_some() {
                let line: FailedLine = serde_json::from_value(document).map_err(wrong)?;
                expect.failed = Some(line.failed);
            } else {
                expect.events.push(serde_json::from_value(document).map_err(wrong)?);
            }
        }
        Ok(expect)
    }

    /// Compares two results. The error describes the first difference.
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
                        "expect.jsonl line {number} is {}, but the plugin returned {}",
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

/// Joins adjacent pieces of one text, one reasoning text or one call's arguments: how a reply was split does
/// not matter.
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
