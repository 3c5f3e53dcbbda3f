//! Builds a reply from events, and checks the contract's rules on their order.

use std::collections::BTreeMap;

use massgen_models::event::{Event, StopReason, Usage};
use massgen_models::request::{Part, ToolCall};

/// Maximum size of a reply's text, reasoning and arguments together.
const TEXT_BYTES_MAX: usize = 32 << 20;
const NOTICES_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 200;

/// A rule of the contract that a plugin broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContractBreach {
    #[error("it sent {0} after the end of the reply")]
    AfterStop(&'static str),
    #[error("it ended the reply without a reason")]
    NoStop,
    #[error("it continued call {0}, which it had not begun")]
    UnknownCall(u32),
    #[error("it began call {0} twice")]
    SameCall(u32),
    #[error("it never ended call {0}")]
    OpenCall(u32),
    #[error("the reply is larger than {} MiB", TEXT_BYTES_MAX >> 20)]
    TooLarge,
}

/// A reply under construction.
#[derive(Debug, Default)]
pub(crate) struct ReplyBuilder {
    pub(crate) parts: Vec<Part>,
    pub(crate) usage: Usage,
    pub(crate) stop: Option<StopReason>,
    pub(crate) notices: Vec<String>,
    /// The model as the service names it.
    pub(crate) served_model: Option<String>,
    /// The service's own figure for the cost.
    pub(crate) billed_usd: Option<f64>,
    calls: BTreeMap<u32, Call>,
    bytes: usize,
}

/// A tool call, by its index among the reply's calls.
#[derive(Debug)]
struct Call {
    /// Position in `parts`.
    part: usize,
    open: bool,
}

impl ReplyBuilder {
    /// Whether any content has arrived.
    pub(crate) fn has_content(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Whether text has arrived that a second reply would contradict. An incomplete call does not count, because it
    /// was never executed.
    pub(crate) fn has_text(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Text(_)))
    }

    /// Adds one event.
    pub(crate) fn add(&mut self, event: Event) -> Result<(), ContractBreach> {
        let after_stop = self.stop.is_some();
        match event {
            Event::Text(_) if after_stop => return Err(ContractBreach::AfterStop("text")),
            Event::Stopped(_) if after_stop => {
                return Err(ContractBreach::AfterStop("a second end"));
            }
            Event::Reasoning(_)
            | Event::ToolCallStart { .. }
            | Event::ToolCallDelta { .. }
            | Event::Opaque(_)
                if after_stop =>
            {
                return Err(ContractBreach::AfterStop("content"));
            }
            Event::Text(text) => self.join(text, false)?,
            Event::Reasoning(text) => self.join(text, true)?,
            Event::Opaque(opaque) => {
                self.count_bytes(opaque.data.len())?;
                self.parts.push(Part::Opaque(opaque));
            }
            Event::ToolCallStart { index, id, name } => {
                let call = Call { part: self.parts.len(), open: true };
                if self.calls.insert(index, call).is_some() {
                    return Err(ContractBreach::SameCall(index));
                }
                self.parts.push(Part::ToolCall(ToolCall {
                    id,
                    name,
                    arguments_json: String::new(),
                }));
            }
            Event::ToolCallDelta { index, json } => {
                self.count_bytes(json.len())?;
                match self.calls.get(&index) {
                    Some(Call { part, open: true }) => {
                        if let Some(Part::ToolCall(call)) = self.parts.get_mut(*part) {
                            call.arguments_json.push_str(&json);
                        }
                    }
                    _ => return Err(ContractBreach::UnknownCall(index)),
                }
            }
            Event::ToolCallEnd(index) => match self.calls.get_mut(&index) {
                Some(call) if call.open => call.open = false,
                _ => return Err(ContractBreach::UnknownCall(index)),
            },
            Event::Usage(usage) => self.usage = usage,
            Event::Stopped(reason) => {
                if let Some((index, _)) = self.calls.iter().find(|(_, call)| call.open) {
                    return Err(ContractBreach::OpenCall(*index));
                }
                self.stop = Some(reason);
            }
            Event::Notice(text) if self.notices.len() < NOTICES_MAX => self.notices.push(text),
            Event::Other { kind, json } => self.extension(&kind, &json),
            Event::Notice(_) | Event::RateLimit(_) => {}
        }
        Ok(())
    }

    /// Reads the extensions that this host knows; others are for newer hosts.
    fn extension(&mut self, kind: &str, json: &str) {
        match kind {
            "served-model" => {
                let name = serde_json::from_str::<String>(json).ok();
                self.served_model = name.map(|name| name.chars().take(NAME_CHARS_MAX).collect());
            }
            "billed-usd" => {
                let usd = serde_json::from_str::<f64>(json).ok();
                self.billed_usd = usd.filter(|usd| usd.is_finite() && *usd >= 0.0);
            }
            _ => {}
        }
    }

    /// Returns a call whose arguments are not a JSON object: a fault of the model or of the service.
    pub(crate) fn malformed_call(&self) -> Option<&ToolCall> {
        self.parts.iter().find_map(|part| match part {
            Part::ToolCall(call) if !is_object(&call.arguments_json) => Some(call),
            _ => None,
        })
    }

    fn join(&mut self, text: String, reasoning: bool) -> Result<(), ContractBreach> {
        self.count_bytes(text.len())?;
        match (self.parts.last_mut(), reasoning) {
            (Some(Part::Text(joined)), false) | (Some(Part::Reasoning(joined)), true) => {
                joined.push_str(&text);
            }
            _ if text.is_empty() => {}
            (_, false) => self.parts.push(Part::Text(text)),
            (_, true) => self.parts.push(Part::Reasoning(text)),
        }
        Ok(())
    }

    fn count_bytes(&mut self, bytes: usize) -> Result<(), ContractBreach> {
        self.bytes += bytes;
        if self.bytes > TEXT_BYTES_MAX { Err(ContractBreach::TooLarge) } else { Ok(()) }
    }
}

fn is_object(json: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(json).is_ok_and(|value| value.is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(events: Vec<Event>) -> Result<ReplyBuilder, ContractBreach> {
        let mut builder = ReplyBuilder::default();
        events.into_iter().try_for_each(|event| builder.add(event))?;
        Ok(builder)
    }

    fn start(index: u32) -> Event {
        Event::ToolCallStart { index, id: format!("id{index}"), name: "t".into() }
    }

    fn delta(index: u32, json: &str) -> Event {
        Event::ToolCallDelta { index, json: json.into() }
    }

    #[test]
    fn neighbours_are_joined_and_calls_may_interleave() {
        let builder = build(vec![
            Event::Reasoning("th".into()),
            Event::Reasoning("ink".into()),
            Event::Text("a".into()),
            Event::Text("b".into()),
            start(0),
            start(1),
            delta(1, "{\"y\":"),
            delta(0, "{}"),
            delta(1, "2}"),
            Event::ToolCallEnd(0),
            Event::ToolCallEnd(1),
            Event::Stopped(StopReason::ToolCalls),
        ])
        .unwrap();
        assert_eq!(builder.parts.len(), 4);
        assert_eq!(builder.parts[1], Part::Text("ab".into()));
        assert!(
            matches!(&builder.parts[3], Part::ToolCall(call) if call.arguments_json == "{\"y\":2}")
        );
        assert!(builder.malformed_call().is_none());
    }

    #[test]
    fn events_out_of_order_are_breaches() {
        let end = || Event::Stopped(StopReason::EndTurn);
        for (events, breach) in [
            (vec![delta(3, "{}")], ContractBreach::UnknownCall(3)),
            (vec![start(0), start(0)], ContractBreach::SameCall(0)),
            (vec![start(0), end()], ContractBreach::OpenCall(0)),
            (vec![end(), Event::Text("x".into())], ContractBreach::AfterStop("text")),
            (vec![end(), end()], ContractBreach::AfterStop("a second end")),
            (vec![start(0), Event::ToolCallEnd(0), delta(0, "{}")], ContractBreach::UnknownCall(0)),
        ] {
            assert_eq!(build(events).unwrap_err(), breach);
        }
    }

    #[test]
    fn known_extensions_are_kept_and_others_ignored() {
        let other = |kind: &str, json: &str| Event::Other { kind: kind.into(), json: json.into() };
        let builder = build(vec![
            other("served-model", "\"m-2026\""),
            other("billed-usd", "0.25"),
            other("billed-usd-too", "{"),
        ]);
        let builder = builder.unwrap();
        assert_eq!(
            (builder.served_model.as_deref(), builder.billed_usd),
            (Some("m-2026"), Some(0.25))
        );
        assert_eq!(build(vec![other("billed-usd", "-1")]).unwrap().billed_usd, None);
    }

    #[test]
    fn only_text_rules_out_a_second_reply() {
        let incomplete =
            build(vec![Event::Reasoning("hm".into()), start(0), delta(0, "{")]).unwrap();
        assert!(!incomplete.has_text());
        assert!(build(vec![Event::Text("So".into())]).unwrap().has_text());
    }

    #[test]
    fn arguments_that_are_not_an_object_are_found() {
        let builder = build(vec![start(0), delta(0, "{\"a\":"), Event::ToolCallEnd(0)]).unwrap();
        assert!(builder.malformed_call().is_some());
    }
}
