//! Decodes replies of `/chat/completions`, streamed or whole.

use std::collections::BTreeMap;

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, Frame, HttpHead, Opaque, StopReason,
    ToolCallDelta, ToolCallStart, Usage, frames, json,
};
use serde_json::Value;

use super::{REASONING_DETAILS, SERVICE, explain};

/// The state of a reply.
pub struct Reply {
    notices: Vec<String>,
    /// Tool calls by the service's index.
    calls: BTreeMap<u64, Call>,
    refused: bool,
    /// The stop reason, once it has arrived.
    stop: Option<StopReason>,
}

struct Call {
    /// Index in the contract's events.
    index: u32,
    has_arguments: bool,
}

impl Reply {
    /// Starts a reply with these notices.
    pub fn new(notices: Vec<String>) -> Self {
        Self { notices, calls: BTreeMap::new(), refused: false, stop: None }
    }

    /// Decodes a chunk or a whole reply. `content` is the field of the choice: `delta` or `message`.
    fn document(&mut self, document: &Value, content: &str) -> Result<Vec<Event>, Failure> {
        if document.get("error").is_some_and(|error| !error.is_null()) {
            return Err(explain::in_stream(document));
        }
        let mut events = Vec::new();
        let choice = document.pointer("/choices/0");
        if let Some(choice) = choice {
            self.content(&choice[content], &mut events);
            if let Some(reason) = json::text(choice, "/finish_reason") {
                self.end_calls(&mut events);
                self.stop = Some(self.reason(reason));
            }
        }
        match document.get("usage").filter(|usage| usage.is_object()) {
            Some(counts) => events.push(Event::Usage(usage(counts))),
            None if choice.is_none() && document.get("choices").is_none() => {
                events.push(Event::Other(Extension {
                    kind: json::text(document, "/type").unwrap_or("chunk").to_string(),
                    json: document.to_string(),
                }));
            }
            None => {}
        }
        Ok(events)
    }

    fn content(&mut self, content: &Value, events: &mut Vec<Event>) {
        let text = |name: &str| json::text(content, name).filter(|text| !text.is_empty());
        if let Some(thought) = text("/reasoning_content").or_else(|| text("/reasoning")) {
            events.push(Event::Reasoning(thought.to_string()));
        }
        for detail in json::items(content, "/reasoning_details") {
            let (kind, data) = (REASONING_DETAILS.to_string(), detail.to_string());
            events.push(Event::Opaque(Opaque { kind, data }));
        }
        if let Some(piece) = text("/content") {
            events.push(Event::Text(piece.to_string()));
        }
        if let Some(refusal) = text("/refusal") {
            self.refused = true;
            events.push(Event::Text(refusal.to_string()));
        }
        for (position, call) in json::items(content, "/tool_calls").enumerate() {
            self.call(json::count(call, "/index").unwrap_or(position as u64), call, events);
        }
    }

    fn call(&mut self, at: u64, call: &Value, events: &mut Vec<Event>) {
        let next = self.calls.len() as u32;
        if let std::collections::btree_map::Entry::Vacant(unknown) = self.calls.entry(at) {
            unknown.insert(Call { index: next, has_arguments: false });
            let id = json::text(call, "/id").filter(|id| !id.is_empty());
            events.push(Event::ToolCallStart(ToolCallStart {
                index: next,
                id: id.map_or_else(|| format!("call-{next}"), String::from),
                name: json::text(call, "/function/name").unwrap_or_default().to_string(),
            }));
        }
        let piece = json::text(call, "/function/arguments").filter(|piece| !piece.is_empty());
        if let (Some(piece), Some(call)) = (piece, self.calls.get_mut(&at)) {
            call.has_arguments = true;
            let json = piece.to_string();
            events.push(Event::ToolCallDelta(ToolCallDelta { index: call.index, json }));
        }
    }

    /// Ends all calls. Calls without arguments get an empty object.
    fn end_calls(&mut self, events: &mut Vec<Event>) {
        for Call { index, has_arguments } in std::mem::take(&mut self.calls).into_values() {
            if !has_arguments {
                events.push(Event::ToolCallDelta(ToolCallDelta { index, json: "{}".into() }));
            }
            events.push(Event::ToolCallEnd(index));
        }
    }

    fn reason(&self, reason: &str) -> StopReason {
        match reason {
            _ if self.refused => StopReason::Refusal,
            "stop" => StopReason::EndTurn,
            "length" => StopReason::MaxTokens,
            "tool_calls" | "function_call" => StopReason::ToolCalls,
            "content_filter" => StopReason::Refusal,
            reason => StopReason::Other(reason.to_string()),
        }
    }
}

impl Decoder for Reply {
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(self.notices.drain(..).map(Event::Notice).collect())
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        let Some((_, document)) = frames::document(&frame, SERVICE)? else { return Ok(Vec::new()) };
        let content = if matches!(frame, Frame::Body(_)) { "message" } else { "delta" };
        // Usage arrives after the stop reason, so `finish` reports the end.
        self.document(&document, content)
    }

    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        match self.stop.take() {
            Some(reason) => Ok(vec![Event::Stopped(reason)]),
            None => Err(frames::cut_off(end, SERVICE)),
        }
    }
}

/// Decodes the usage. As in the contract, input includes cached tokens and output includes reasoning.
fn usage(counts: &Value) -> Usage {
    let count = |pointer: &str| json::count(counts, pointer);
    Usage {
        input_tokens: count("/prompt_tokens"),
        output_tokens: count("/completion_tokens"),
        reasoning_tokens: count("/completion_tokens_details/reasoning_tokens"),
        cache_read_tokens: count("/prompt_tokens_details/cached_tokens"),
        cache_write_tokens: None,
    }
}
