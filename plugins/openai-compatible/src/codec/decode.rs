//! Decodes replies of Chat Completions, streamed or whole.

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, Frame, HttpHead, Opaque, StopReason,
    ToolCallDelta, ToolCallStart, Usage, frames, json, protocol,
};
use serde_json::Value;

use super::explain;

/// Prefix of generated ids, for tool calls without one.
const OWN_ID: &str = "call-";

/// The state of a reply.
pub struct Reply {
    service: String,
    notices: Vec<String>,
    calls: Vec<Call>,
    /// Pieces of reasoning that must be sent back unchanged.
    details: Vec<Value>,
    model: Option<String>,
    usage: Option<Usage>,
    billed: Option<String>,
    refused: bool,
    content: bool,
    stop: Option<StopReason>,
}

struct Call {
    /// The service's index of the call, if it sends one.
    service_index: Option<u64>,
    id: String,
    has_arguments: bool,
    ended: bool,
}

impl Reply {
    /// Starts a reply of this service with these notices.
    pub fn new(service: String, notices: Vec<String>) -> Self {
        Self {
            service,
            notices,
            calls: Vec::new(),
            details: Vec::new(),
            model: None,
            usage: None,
            billed: None,
            refused: false,
            content: false,
            stop: None,
        }
    }

    fn document(&mut self, document: &Value) -> Result<Vec<Event>, Failure> {
        if document.get("error").is_some_and(|error| !error.is_null()) {
            return Err(explain::in_stream(document));
        }
        let mut events = Vec::new();
        if let (None, Some(model)) = (&self.model, json::text(document, "/model")) {
            self.model = Some(model.to_string());
            events.push(extension("served-model", Value::from(model)));
        }
        self.count(document);
        let choice = document.pointer("/choices/0").unwrap_or(&Value::Null);
        let message = choice.get("delta").or_else(|| choice.get("message"));
        if let Some(message) = message {
            self.message(message, &mut events)?;
        }
        if let Some(reason) = json::text(choice, "/finish_reason").filter(|r| !r.is_empty()) {
            self.stop = Some(self.reason(reason, choice)?);
        }
        Ok(events)
    }

    fn message(&mut self, message: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let text = |name: &str| json::text(message, name).filter(|text| !text.is_empty());
        if let Some(text) = text("/reasoning_content").or_else(|| text("/reasoning")) {
            events.push(Event::Reasoning(text.to_string()));
        }
        self.details.extend(json::items(message, "/reasoning_details").cloned());
        match message.get("content") {
            Some(Value::String(text)) if !text.is_empty() => {
                events.push(Event::Text(text.clone()));
            }
            Some(Value::Array(pieces)) => pieces.iter().for_each(|piece| self.piece(piece, events)),
            _ => {}
        }
        if let Some(refusal) = text("/refusal") {
            self.refused = true;
            events.push(Event::Text(refusal.to_string()));
        }
        self.content |= !events.is_empty();
        for call in json::items(message, "/tool_calls") {
            self.call(call, events)?;
        }
        Ok(())
    }

    /// Decodes a piece of content: text, or reasoning that consists of texts.
    fn piece(&mut self, piece: &Value, events: &mut Vec<Event>) {
        match json::text(piece, "/type") {
            Some("thinking") => {
                events.extend(json::items(piece, "/thinking").filter_map(|part| {
                    Some(Event::Reasoning(json::text(part, "/text")?.to_string()))
                }))
            }
            _ => {
                let text = json::text(piece, "/text").filter(|text| !text.is_empty());
                events.extend(text.map(|text| Event::Text(text.to_string())));
            }
        }
    }

    /// Decodes a tool call or a piece of one. A new index, or a new id if there are no indexes, starts another call.
    fn call(&mut self, call: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let service_index = json::count(call, "/index");
        let id = json::text(call, "/id").filter(|id| !id.is_empty());
        let known = match (service_index, id) {
            (Some(_), _) => {
                self.calls.iter().position(|known| known.service_index == service_index)
            }
            (None, Some(id)) => self.calls.iter().position(|known| known.id == id),
            (None, None) if json::text(call, "/function/name").is_some() => None,
            (None, None) => self.calls.len().checked_sub(1),
        };
        let index = match known {
            Some(index) => index,
            None => {
                let name = json::text(call, "/function/name")
                    .filter(|name| !name.is_empty())
                    .ok_or_else(|| protocol("arguments of a tool call that never started"))?;
                let index = self.calls.len();
                let id = id.map_or_else(|| format!("{OWN_ID}{index}"), String::from);
                events.push(Event::ToolCallStart(ToolCallStart {
                    index: index as u32,
                    id: id.clone(),
                    name: name.to_string(),
                }));
                self.calls.push(Call { service_index, id, has_arguments: false, ended: false });
                index
            }
        };
        let json = match call.pointer("/function/arguments") {
            Some(Value::String(text)) => text.clone(),
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => String::new(),
        };
        if !json.is_empty() {
            self.calls[index].has_arguments = true;
            events.push(Event::ToolCallDelta(ToolCallDelta { index: index as u32, json }));
        }
        Ok(())
    }

    fn reason(&self, reason: &str, choice: &Value) -> Result<StopReason, Failure> {
        Ok(match reason {
            _ if self.refused => StopReason::Refusal,
            // Some services send `stop` after a call.
            "tool_calls" | "function_call" | "stop" if !self.calls.is_empty() => {
                StopReason::ToolCalls
            }
            "stop" | "eos" => StopReason::EndTurn,
            "length" | "model_length" => StopReason::MaxTokens,
            "content_filter" => StopReason::Refusal,
            "error" if choice.get("error").is_some() => return Err(explain::in_stream(choice)),
            "error" => {
                return Err(protocol(format!("{} ended the reply with an error", self.service)));
            }
            other => StopReason::Other(other.to_string()),
        })
    }

    /// Reads the usage, which is in a separate chunk, in the last one or in a field of some services.
    fn count(&mut self, document: &Value) {
        let found = ["/usage", "/x_groq/usage", "/choices/0/usage"]
            .iter()
            .filter_map(|pointer| document.pointer(pointer))
            .find(|usage| usage.is_object());
        let Some(usage) = found else { return };
        let count = |name: &str| json::count(usage, name);
        self.usage = Some(Usage {
            input_tokens: count("/prompt_tokens"),
            output_tokens: count("/completion_tokens"),
            reasoning_tokens: count("/completion_tokens_details/reasoning_tokens"),
            cache_read_tokens: count("/prompt_tokens_details/cached_tokens")
                .or_else(|| count("/prompt_cache_hit_tokens"))
                .or_else(|| count("/cached_tokens")),
            cache_write_tokens: count("/prompt_tokens_details/cache_write_tokens"),
        });
        if let Some(cost) = usage.get("cost").filter(|cost| cost.is_number()) {
            self.billed = Some(cost.to_string());
        }
    }

    fn close_calls(&mut self, events: &mut Vec<Event>) {
        for (index, call) in self.calls.iter_mut().enumerate().filter(|(_, call)| !call.ended) {
            let index = index as u32;
            call.ended = true;
            if !call.has_arguments {
                events.push(Event::ToolCallDelta(ToolCallDelta { index, json: "{}".into() }));
            }
            events.push(Event::ToolCallEnd(index));
        }
    }
}

fn extension(kind: &str, value: Value) -> Event {
    Event::Other(Extension { kind: kind.into(), json: value.to_string() })
}

impl Decoder for Reply {
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(self.notices.drain(..).map(Event::Notice).collect())
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        match frames::document(&frame, &self.service)? {
            Some((_, document)) => self.document(&document),
            None => {
                // `[DONE]` after content ends the reply of a service without stop reasons.
                let done = matches!(&frame, Frame::Event(event) if event.data == "[DONE]");
                if done && self.stop.is_none() && (self.content || !self.calls.is_empty()) {
                    self.stop = Some(if self.calls.is_empty() {
                        StopReason::Other("no finish_reason".into())
                    } else {
                        StopReason::ToolCalls
                    });
                }
                Ok(Vec::new())
            }
        }
    }

    /// Reports usage and stop reason at the end, since usage may arrive after the stop reason.
    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        let Some(stop) = self.stop.take() else { return Err(frames::cut_off(end, &self.service)) };
        let mut events = Vec::new();
        self.close_calls(&mut events);
        if !self.details.is_empty() {
            let data = Value::Array(std::mem::take(&mut self.details)).to_string();
            events.push(Event::Opaque(Opaque { kind: "reasoning_details".into(), data }));
        }
        events.extend(self.usage.take().map(Event::Usage));
        if let Some(json) = self.billed.take() {
            events.push(Event::Other(Extension { kind: "billed-usd".into(), json }));
        }
        events.push(Event::Stopped(stop));
        Ok(events)
    }
}
