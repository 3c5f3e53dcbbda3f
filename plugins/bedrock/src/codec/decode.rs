//! Decodes replies of Converse, streamed or whole.

use std::collections::BTreeMap;

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, Frame, HttpHead, Opaque, StopReason,
    ToolCallDelta, ToolCallStart, Usage, frames, json, protocol,
};
use serde_json::{Value, json};

use super::event_stream::{Message, MessageReader};
use super::{REASONING, explain};

const SERVICE: &str = "Bedrock";

/// The state of a reply.
pub struct Reply {
    notices: Vec<String>,
    reader: MessageReader,
    /// Tool calls by the index of their block.
    calls: BTreeMap<u64, Call>,
    /// Reasoning by the index of its block.
    thoughts: BTreeMap<u64, Thought>,
    usage: Option<Usage>,
    stop: Option<StopReason>,
}

struct Call {
    index: u32,
    has_arguments: bool,
}

#[derive(Default)]
struct Thought {
    text: String,
    signature: String,
}

impl Reply {
    /// Starts a reply with these notices.
    pub fn new(notices: Vec<String>) -> Self {
        Self {
            notices,
            reader: MessageReader::default(),
            calls: BTreeMap::new(),
            thoughts: BTreeMap::new(),
            usage: None,
            stop: None,
        }
    }

    fn message(&mut self, message: &Message) -> Result<Vec<Event>, Failure> {
        let data = json::parse(&message.payload, "an event from Bedrock")?;
        if message.exception {
            return Err(explain::exception(&message.name, &data));
        }
        let block = json::count(&data, "/contentBlockIndex").unwrap_or(0);
        Ok(match message.name.as_str() {
            "messageStart" => Vec::new(),
            "contentBlockStart" => self.start(block, &data["start"]),
            "contentBlockDelta" => self.delta(block, &data["delta"])?,
            "contentBlockStop" => self.end_of_block(block),
            "messageStop" => {
                let reason = json::text(&data, "/stopReason").unwrap_or("no stop reason");
                self.stop = Some(stop(reason));
                Vec::new()
            }
            "metadata" => {
                self.usage = usage(&data);
                Vec::new()
            }
            kind => vec![Event::Other(Extension { kind: kind.into(), json: data.to_string() })],
        })
    }

    fn start(&mut self, block: u64, start: &Value) -> Vec<Event> {
        let Some(call) = start.get("toolUse") else { return Vec::new() };
        let index = self.calls.len() as u32;
        self.calls.insert(block, Call { index, has_arguments: false });
        vec![Event::ToolCallStart(ToolCallStart {
            index,
            id: json::text(call, "/toolUseId").unwrap_or_default().to_string(),
            name: json::text(call, "/name").unwrap_or_default().to_string(),
        })]
    }

    fn delta(&mut self, block: u64, delta: &Value) -> Result<Vec<Event>, Failure> {
        if let Some(text) = json::text(delta, "/text") {
            return Ok(vec![Event::Text(text.to_string())]);
        }
        if let Some(input) = json::text(delta, "/toolUse/input") {
            let call = self
                .calls
                .get_mut(&block)
                .ok_or_else(|| protocol("arguments of a tool call that never started"))?;
            call.has_arguments |= !input.is_empty();
            let json = input.to_string();
            return Ok(vec![Event::ToolCallDelta(ToolCallDelta { index: call.index, json })]);
        }
        let Some(content) = delta.get("reasoningContent") else { return Ok(Vec::new()) };
        if let Some(redacted) = json::text(content, "/redactedContent") {
            return Ok(vec![opaque(&json!({"redactedContent": redacted}))]);
        }
        let thought = self.thoughts.entry(block).or_default();
        if let Some(signature) = json::text(content, "/signature") {
            thought.signature.push_str(signature);
        }
        let text = json::text(content, "/text").unwrap_or_default();
        thought.text.push_str(text);
        Ok(Some(text)
            .filter(|text| !text.is_empty())
            .map(|text| Event::Reasoning(text.into()))
            .into_iter()
            .collect())
    }

    fn end_of_block(&mut self, block: u64) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(Call { index, has_arguments }) = self.calls.get(&block) {
            if !has_arguments {
                let json = "{}".to_string();
                events.push(Event::ToolCallDelta(ToolCallDelta { index: *index, json }));
            }
            events.push(Event::ToolCallEnd(*index));
        }
        // Reasoning without a signature cannot be sent back.
        if let Some(Thought { text, signature }) = self.thoughts.remove(&block)
            && !signature.is_empty()
        {
            events.push(opaque(&json!({"reasoningText": {"text": text, "signature": signature}})));
        }
        events
    }

    fn whole(&mut self, response: &Value) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        for (at, block) in json::items(response, "/output/message/content").enumerate() {
            let at = at as u64;
            if let Some(text) = json::text(block, "/text") {
                events.push(Event::Text(text.to_string()));
            } else if let Some(call) = block.get("toolUse") {
                events.extend(self.start(at, block));
                let input = call.get("input").unwrap_or(&Value::Null).to_string();
                events.extend(self.delta(at, &json!({"toolUse": {"input": input}}))?);
                events.extend(self.end_of_block(at));
            } else if let Some(thought) = block.get("reasoningContent") {
                let text = json::text(thought, "/reasoningText/text");
                events.extend(text.map(|text| Event::Reasoning(text.to_string())));
                events.push(opaque(thought));
            }
        }
        let reason = json::text(response, "/stopReason");
        self.stop = Some(stop(reason.ok_or_else(|| protocol("the reply has no stopReason"))?));
        self.usage = usage(response);
        Ok(events)
    }
}

fn opaque(data: &Value) -> Event {
    Event::Opaque(Opaque { kind: REASONING.into(), data: data.to_string() })
}

fn stop(reason: &str) -> StopReason {
    match reason {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolCalls,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "guardrail_intervened" | "content_filtered" => StopReason::Refusal,
        other => StopReason::Other(other.to_string()),
    }
}

/// The service reports cached tokens separately; the contract includes them in the input.
fn usage(data: &Value) -> Option<Usage> {
    let usage = data.get("usage").filter(|usage| usage.is_object())?;
    let count = |name: &str| json::count(usage, name);
    let (read, written) = (count("/cacheReadInputTokens"), count("/cacheWriteInputTokens"));
    Some(Usage {
        input_tokens: count("/inputTokens")
            .map(|plain| plain + read.unwrap_or(0) + written.unwrap_or(0)),
        output_tokens: count("/outputTokens"),
        reasoning_tokens: None,
        cache_read_tokens: read,
        cache_write_tokens: written,
    })
}

impl Decoder for Reply {
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(self.notices.drain(..).map(Event::Notice).collect())
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        if let Frame::Bytes(bytes) = &frame {
            let mut events = Vec::new();
            for message in self.reader.push(bytes).map_err(protocol)? {
                events.extend(self.message(&message)?);
            }
            return Ok(events);
        }
        match frames::document(&frame, SERVICE)? {
            Some((_, response)) => self.whole(&response),
            None => Ok(Vec::new()),
        }
    }

    /// Reports usage and stop reason at the end, since usage arrives after the stop reason.
    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        let stop = match self.stop.take() {
            Some(StopReason::Other(reason)) if reason == "model_context_window_exceeded" => {
                return Err(explain::overflow());
            }
            Some(stop) if self.reader.is_empty() => stop,
            _ => return Err(frames::cut_off(end, SERVICE)),
        };
        Ok(self.usage.take().map(Event::Usage).into_iter().chain([Event::Stopped(stop)]).collect())
    }
}
