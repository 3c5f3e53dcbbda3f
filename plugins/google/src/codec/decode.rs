//! Decodes replies of generateContent, streamed or whole. A stream consists of partial replies without event names; the
//! last one has the stop reason.

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Failure, Frame, HttpHead, Opaque, StopReason, ToolCallDelta,
    ToolCallStart, Usage, frames, json,
};
use serde_json::Value;

use super::{OWN_ID, SIGNATURE, explain};

const SERVICE: &str = "Google";

/// Stop reasons for blocked content.
const REFUSALS: &[&str] = &[
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
];

/// The state of a reply.
pub struct Reply {
    notices: Vec<String>,
    calls: u32,
    usage: Option<Usage>,
    stop: Option<StopReason>,
    named: bool,
}

impl Reply {
    /// Starts a reply with these notices.
    pub fn new(notices: Vec<String>) -> Self {
        Self { notices, calls: 0, usage: None, stop: None, named: false }
    }

    fn response(&mut self, response: &Value) -> Result<Vec<Event>, Failure> {
        if response.get("error").is_some_and(|error| !error.is_null()) {
            return Err(explain::in_stream(response));
        }
        if let Some(metadata) = response.get("usageMetadata").filter(|counts| counts.is_object()) {
            self.usage = Some(usage(metadata));
        }
        let mut events = Vec::new();
        // Every partial reply repeats the version.
        if let Some(version) = json::text(response, "/modelVersion").filter(|_| !self.named) {
            self.named = true;
            events.push(massgen_plugin_sdk::served_model(version));
        }
        if let Some(reason) = json::text(response, "/promptFeedback/blockReason") {
            events.push(Event::Notice(format!("Google blocked the prompt: {reason}")));
            self.stop = Some(StopReason::Refusal);
        }
        let candidate = response.pointer("/candidates/0").unwrap_or(&Value::Null);
        for part in json::items(candidate, "/content/parts") {
            self.part(part, &mut events);
        }
        if let Some(reason) = json::text(candidate, "/finishReason") {
            self.stop = Some(self.reason(reason));
        }
        Ok(events)
    }

    fn part(&mut self, part: &Value, events: &mut Vec<Event>) {
        if let Some(signature) = json::text(part, "/thoughtSignature") {
            events.push(Event::Opaque(Opaque {
                kind: SIGNATURE.into(),
                data: signature.to_string(),
            }));
        }
        if let Some(call) = part.get("functionCall").filter(|call| call.is_object()) {
            let index = self.calls;
            self.calls += 1;
            let own_id = format!("{OWN_ID}{index}");
            events.push(Event::ToolCallStart(ToolCallStart {
                index,
                id: json::text(call, "/id")
                    .filter(|id| !id.is_empty())
                    .unwrap_or(&own_id)
                    .to_string(),
                name: json::text(call, "/name").unwrap_or_default().to_string(),
            }));
            let args = call
                .get("args")
                .filter(|args| args.is_object())
                .map_or_else(|| "{}".to_string(), Value::to_string);
            events.push(Event::ToolCallDelta(ToolCallDelta { index, json: args }));
            events.push(Event::ToolCallEnd(index));
        } else if let Some(text) = json::text(part, "/text").filter(|text| !text.is_empty()) {
            let thought = part.get("thought").and_then(Value::as_bool) == Some(true);
            events.push(if thought {
                Event::Reasoning(text.to_string())
            } else {
                Event::Text(text.to_string())
            });
        }
    }

    fn reason(&self, reason: &str) -> StopReason {
        match reason {
            "STOP" if self.calls > 0 => StopReason::ToolCalls,
            "STOP" => StopReason::EndTurn,
            "MAX_TOKENS" => StopReason::MaxTokens,
            reason if REFUSALS.contains(&reason) => StopReason::Refusal,
            reason => StopReason::Other(reason.to_string()),
        }
    }
}

impl Decoder for Reply {
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(self.notices.drain(..).map(Event::Notice).collect())
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        match frames::document(&frame, SERVICE)? {
            Some((_, response)) => self.response(&response),
            None => Ok(Vec::new()),
        }
    }

    /// Reports usage and stop reason at the end, since usage may arrive after the stop reason.
    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        let stop = match self.stop.take() {
            Some(stop) if end == BodyEnd::Complete => stop,
            _ => return Err(frames::cut_off(end, SERVICE)),
        };
        Ok(self.usage.take().map(Event::Usage).into_iter().chain([Event::Stopped(stop)]).collect())
    }
}

/// The service reports thoughts separately from candidates; the contract includes them in the output.
fn usage(metadata: &Value) -> Usage {
    let thoughts = json::count(metadata, "/thoughtsTokenCount");
    let candidates = json::count(metadata, "/candidatesTokenCount");
    let prompt = json::count(metadata, "/promptTokenCount");
    let tool_prompt = json::count(metadata, "/toolUsePromptTokenCount").unwrap_or(0);
    Usage {
        input_tokens: prompt.map(|prompt| prompt + tool_prompt),
        output_tokens: candidates
            .or(thoughts.map(|_| 0))
            .map(|tokens| tokens + thoughts.unwrap_or(0)),
        reasoning_tokens: thoughts,
        cache_read_tokens: json::count(metadata, "/cachedContentTokenCount"),
        cache_write_tokens: None,
    }
}
