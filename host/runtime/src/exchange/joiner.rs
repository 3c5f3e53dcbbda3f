//! Holds a plugin to the contract's rules on events, and joins them to a reply.

use std::collections::BTreeMap;

use massgen_models::event::{Event, StopReason, Usage};
use massgen_models::request::{Part, ToolCall};

/// Text of a whole reply that is kept.
const TEXT_BYTES_MAX: usize = 32 << 20;
const NOTICES_MAX: usize = 100;
const NAME_CHARS_MAX: usize = 200;

/// A rule that a plugin broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    #[error("it sent {0} after the end of the reply")]
    AfterStop(&'static str),
    #[error("it ended the reply without a reason")]
    NoStop,
    #[error("it continued call {0}, which it never began")]
    UnknownCall(u32),
    #[error("it began call {0} twice")]
    SameCall(u32),
    #[error("it never ended call {0}")]
    OpenCall(u32),
    #[error("the reply is larger than {} MiB", TEXT_BYTES_MAX >> 20)]
    TooLarge,
}

/// A reply as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    pub(crate) parts: Vec<Part>,
    pub(crate) usage: Usage,
    pub(crate) stop: Option<StopReason>,
    pub(crate) notices: Vec<String>,
    /// The model as the service names it.
    pub(crate) served_model: Option<String>,
    /// What the service says that it charges.
    pub(crate) billed_usd: Option<f64>,
    /// Part and whether it is open, by call.
    calls: BTreeMap<u32, (usize, bool)>,
    bytes: usize,
}

impl Joiner {
    /// Whether something of the answer was shown that a second reply would contradict. Half a call was not:
    /// nobody has acted on it, and half of its arguments are of no use.
    pub(crate) fn has_text(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Text(_)))
    }

    /// Takes one event.
    pub(crate) fn accept(&mut self, event: Event) -> Result<(), Breach> {
        let after_stop = self.stop.is_some();
        match event {
            Event::Text(_) if after_stop => return Err(Breach::AfterStop("text")),
            Event::Stopped(_) if after_stop => return Err(Breach::AfterStop("a second end")),
            Event::Reasoning(_)
            | Event::ToolCallStart { .. }
            | Event::ToolCallDelta { .. }
            | Event::Opaque(_)
                if after_stop =>
            {
                return Err(Breach::AfterStop("content"));
            }
            Event::Text(text) => self.join(text, false)?,
            Event::Reasoning(text) => self.join(text, true)?,
            Event::Opaque(opaque) => {
                self.weigh(opaque.data.len())?;
                self.parts.push(Part::Opaque(opaque));
            }
            Event::ToolCallStart { index, id, name } => {
                let at = self.parts.len();
                if self.calls.insert(index, (at, true)).is_some() {
                    return Err(Breach::SameCall(index));
                }
                self.parts.push(Part::ToolCall(ToolCall {
                    id,
                    name,
                    arguments_json: String::new(),
                }));
            }
            Event::ToolCallDelta { index, json } => {
                self.weigh(json.len())?;
                match self.calls.get(&index) {
                    Some((at, true)) => {
                        if let Some(Part::ToolCall(call)) = self.parts.get_mut(*at) {
                            call.arguments_json.push_str(&json);
                        }
                    }
                    _ => return Err(Breach::UnknownCall(index)),
                }
            }
            Event::ToolCallEnd(index) => match self.calls.get_mut(&index) {
                Some((_, open @ true)) => *open = false,
                _ => return Err(Breach::UnknownCall(index)),
            },
            Event::Usage(usage) => self.usage = usage,
            Event::Stopped(reason) => {
                if let Some((index, _)) = self.calls.iter().find(|(_, (_, open))| *open) {
                    return Err(Breach::OpenCall(*index));
                }
                self.stop = Some(reason);
            }
            Event::Notice(text) if self.notices.len() < NOTICES_MAX => self.notices.push(text),
            Event::Other { kind, json } => self.extension(&kind, &json),
            Event::Notice(_) | Event::RateLimit(_) => {}
        }
        Ok(())
    }

    /// Extensions that the host knows; others are for newer hosts.
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

    /// A call whose joined arguments are no JSON object: the model's or the service's fault.
    pub(crate) fn broken_call(&self) -> Option<&ToolCall> {
        self.parts.iter().find_map(|part| match part {
            Part::ToolCall(call) if !is_object(&call.arguments_json) => Some(call),
            _ => None,
        })
    }

    fn join(&mut self, text: String, reasoning: bool) -> Result<(), Breach> {
        self.weigh(text.len())?;
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

    fn weigh(&mut self, bytes: usize) -> Result<(), Breach> {
        self.bytes += bytes;
        if self.bytes > TEXT_BYTES_MAX { Err(Breach::TooLarge) } else { Ok(()) }
    }
}

fn is_object(json: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(json).is_ok_and(|value| value.is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(events: Vec<Event>) -> Result<Joiner, Breach> {
        let mut joiner = Joiner::default();
        events.into_iter().try_for_each(|event| joiner.accept(event))?;
        Ok(joiner)
    }

    fn start(index: u32) -> Event {
        Event::ToolCallStart { index, id: format!("id{index}"), name: "t".into() }
    }

    fn delta(index: u32, json: &str) -> Event {
        Event::ToolCallDelta { index, json: json.into() }
    }

    #[test]
    fn neighbours_are_joined_and_calls_may_interleave() {
        let joiner = joined(vec![
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
        assert_eq!(joiner.parts.len(), 4);
        assert_eq!(joiner.parts[1], Part::Text("ab".into()));
        assert!(
            matches!(&joiner.parts[3], Part::ToolCall(call) if call.arguments_json == "{\"y\":2}")
        );
        assert!(joiner.broken_call().is_none());
    }

    #[test]
    fn lies_are_breaches() {
        let end = || Event::Stopped(StopReason::EndTurn);
        for (events, breach) in [
            (vec![delta(3, "{}")], Breach::UnknownCall(3)),
            (vec![start(0), start(0)], Breach::SameCall(0)),
            (vec![start(0), end()], Breach::OpenCall(0)),
            (vec![end(), Event::Text("x".into())], Breach::AfterStop("text")),
            (vec![end(), end()], Breach::AfterStop("a second end")),
            (vec![start(0), Event::ToolCallEnd(0), delta(0, "{}")], Breach::UnknownCall(0)),
        ] {
            assert_eq!(joined(events).unwrap_err(), breach);
        }
    }

    #[test]
    fn known_extensions_are_kept_and_others_passed_over() {
        let other = |kind: &str, json: &str| Event::Other { kind: kind.into(), json: json.into() };
        let joiner = joined(vec![
            other("served-model", "\"m-2026\""),
            other("billed-usd", "0.25"),
            other("billed-usd-too", "{"),
        ]);
        let joiner = joiner.unwrap();
        assert_eq!(
            (joiner.served_model.as_deref(), joiner.billed_usd),
            (Some("m-2026"), Some(0.25))
        );
        assert_eq!(joined(vec![other("billed-usd", "-1")]).unwrap().billed_usd, None);
    }

    #[test]
    fn only_text_stands_against_a_second_reply() {
        let unshown = joined(vec![Event::Reasoning("hm".into()), start(0), delta(0, "{")]).unwrap();
        assert!(!unshown.has_text());
        assert!(joined(vec![Event::Text("So".into())]).unwrap().has_text());
    }

    #[test]
    fn arguments_that_are_no_object_are_found() {
        let joiner = joined(vec![start(0), delta(0, "{\"a\":"), Event::ToolCallEnd(0)]).unwrap();
        assert!(joiner.broken_call().is_some());
    }
}
