//! Reply of Converse, streamed or whole, to events.

use std::collections::BTreeMap;

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, Frame, HttpHead, Opaque, StopReason,
    ToolCallDelta, ToolCallStart, Usage, frames, json, protocol,
};
use serde_json::{Value, json};

use super::event_stream::{Cutter, Message};
use super::{REASONING, explain};

const SERVICE: &str = "Bedrock";

/// A reply while it arrives.
pub struct Reply {
    notices: Vec<String>,
    cutter: Cutter,
    /// Tool calls by the number of their block, and whether arguments came.
    calls: BTreeMap<u64, (u32, bool)>,
    /// Reasoning by the number of its block: text and signature.
    thoughts: BTreeMap<u64, (String, String)>,
    usage: Option<Usage>,
    stop: Option<StopReason>,
}

impl Reply {
    /// A reply that begins with these notices.
    pub fn new(notices: Vec<String>) -> Self {
        Self {
            notices,
            cutter: Cutter::default(),
            calls: BTreeMap::new(),
            thoughts: BTreeMap::new(),
            usage: None,
            stop: None,
        }
    }

    fn message(&mut self, message: &Message) -> Result<Vec<Event>, Failure> {
        let data = json::parse(&message.payload, "an event of Bedrock")?;
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
                let reason = json::text(&data, "/stopReason").unwrap_or("no reason");
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
        self.calls.insert(block, (index, false));
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
            let (index, begun) = self
                .calls
                .get_mut(&block)
                .ok_or_else(|| protocol("arguments of a call that never began"))?;
            *begun |= !input.is_empty();
            let json = input.to_string();
            return Ok(vec![Event::ToolCallDelta(ToolCallDelta { index: *index, json })]);
        }
        let Some(thought) = delta.get("reasoningContent") else { return Ok(Vec::new()) };
        if let Some(sealed) = json::text(thought, "/redactedContent") {
            return Ok(vec![opaque(&json!({"redactedContent": sealed}))]);
        }
        let (text, signature) = self.thoughts.entry(block).or_default();
        if let Some(seal) = json::text(thought, "/signature") {
            signature.push_str(seal);
        }
        let said = json::text(thought, "/text").unwrap_or_default();
        text.push_str(said);
        Ok(Some(said)
            .filter(|said| !said.is_empty())
            .map(|said| Event::Reasoning(said.into()))
            .into_iter()
            .collect())
    }

    fn end_of_block(&mut self, block: u64) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some((index, begun)) = self.calls.get(&block) {
            if !begun {
                let json = "{}".to_string();
                events.push(Event::ToolCallDelta(ToolCallDelta { index: *index, json }));
            }
            events.push(Event::ToolCallEnd(*index));
        }
        // Without its seal a thought can't go back.
        if let Some((text, signature)) = self.thoughts.remove(&block)
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

/// The service counts cached tokens beside the others; here they are part of the prompt.
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
            for message in self.cutter.push(bytes).map_err(protocol)? {
                events.extend(self.message(&message)?);
            }
            return Ok(events);
        }
        match frames::document(&frame, SERVICE)? {
            Some((_, response)) => self.whole(&response),
            None => Ok(Vec::new()),
        }
    }

    /// Usage comes after the reason: both are said at the end.
    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        let stop = match self.stop.take() {
            Some(StopReason::Other(reason)) if reason == "model_context_window_exceeded" => {
                return Err(explain::overflow());
            }
            Some(stop) if self.cutter.is_empty() => stop,
            _ => return Err(frames::cut_off(end, SERVICE)),
        };
        Ok(self.usage.take().map(Event::Usage).into_iter().chain([Event::Stopped(stop)]).collect())
    }
}
