//! Decodes replies of `/v1/messages`, streamed or whole.

use std::collections::BTreeMap;

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, FailureKind, Frame, HttpHead, Opaque, RateLimit,
    StopReason, ToolCallDelta, ToolCallStart, Usage, failure, frames, header, json, protocol,
};
use serde_json::{Value, json};

use super::{explain, time};

const SERVICE: &str = "Anthropic";

/// The state of a reply.
pub struct Reply {
    notices: Vec<String>,
    now_unix_ms: u64,
    blocks: BTreeMap<u64, Block>,
    calls: u32,
    usage: Value,
    stop: Option<String>,
    over: bool,
}

enum Block {
    Text,
    Thinking { text: String, signature: String },
    ToolUse { index: u32, has_input: bool },
}

impl Reply {
    /// Starts a reply with these notices. The time turns reset times in headers into durations.
    pub fn new(notices: Vec<String>, now_unix_ms: u64) -> Self {
        Self {
            notices,
            now_unix_ms,
            blocks: BTreeMap::new(),
            calls: 0,
            usage: json!({}),
            stop: None,
            over: false,
        }
    }

    fn streamed(&mut self, kind: &str, data: &Value) -> Result<Vec<Event>, Failure> {
        let at = json::count(data, "/index").unwrap_or(0);
        Ok(match kind {
            "message_start" => {
                self.merge_usage(&data["message"]["usage"]);
                let model = json::text(data, "/message/model");
                model.map(massgen_plugin_sdk::served_model).into_iter().collect()
            }
            "content_block_start" => self.begin(at, &data["content_block"]),
            "content_block_delta" => self.delta(at, &data["delta"])?,
            "content_block_stop" => self.end_block(at),
            "message_delta" => {
                self.merge_usage(&data["usage"]);
                if let Some(reason) = json::text(data, "/delta/stop_reason") {
                    self.stop = Some(reason.to_string());
                }
                Vec::new()
            }
            "message_stop" => self.end()?,
            "ping" => Vec::new(),
            "error" => return Err(explain::in_stream(data)),
            kind => {
                vec![Event::Other(Extension { kind: kind.to_string(), json: data.to_string() })]
            }
        })
    }

    fn begin(&mut self, at: u64, block: &Value) -> Vec<Event> {
        match json::text(block, "/type") {
            Some("text") => {
                self.blocks.insert(at, Block::Text);
                let text = json::text(block, "/text").unwrap_or_default();
                if text.is_empty() { Vec::new() } else { vec![Event::Text(text.to_string())] }
            }
            Some("thinking") => {
                let text = json::text(block, "/thinking").unwrap_or_default().to_string();
                let signature = json::text(block, "/signature").unwrap_or_default().to_string();
                let events =
                    if text.is_empty() { Vec::new() } else { vec![Event::Reasoning(text.clone())] };
                self.blocks.insert(at, Block::Thinking { text, signature });
                events
            }
            Some("redacted_thinking") => {
                vec![Event::Opaque(Opaque {
                    kind: "redacted_thinking".into(),
                    data: block.to_string(),
                })]
            }
            Some("tool_use") => {
                let index = self.calls;
                self.calls += 1;
                self.blocks.insert(at, Block::ToolUse { index, has_input: false });
                vec![Event::ToolCallStart(ToolCallStart {
                    index,
                    id: json::text(block, "/id").unwrap_or_default().to_string(),
                    name: json::text(block, "/name").unwrap_or_default().to_string(),
                })]
            }
            kind => vec![Event::Other(Extension {
                kind: kind.unwrap_or("block").to_string(),
                json: block.to_string(),
            })],
        }
    }

    fn delta(&mut self, at: u64, delta: &Value) -> Result<Vec<Event>, Failure> {
        let kind = json::text(delta, "/type").unwrap_or_default();
        let text = |field: &str| json::text(delta, field).unwrap_or_default().to_string();
        let block = self.blocks.get_mut(&at);
        Ok(match (kind, block) {
            ("text_delta", Some(Block::Text)) => vec![Event::Text(text("/text"))],
            ("thinking_delta", Some(Block::Thinking { text: whole, .. })) => {
                let piece = text("/thinking");
                whole.push_str(&piece);
                vec![Event::Reasoning(piece)]
            }
            ("signature_delta", Some(Block::Thinking { signature, .. })) => {
                signature.push_str(&text("/signature"));
                Vec::new()
            }
            ("input_json_delta", Some(Block::ToolUse { index, has_input })) => {
                let json = text("/partial_json");
                *has_input |= !json.is_empty();
                vec![Event::ToolCallDelta(ToolCallDelta { index: *index, json })]
            }
            ("text_delta" | "thinking_delta" | "signature_delta" | "input_json_delta", _) => {
                return Err(protocol(format!(
                    "{SERVICE} sent a {kind} for a block that never started"
                )));
            }
            _ => vec![Event::Other(Extension { kind: kind.to_string(), json: delta.to_string() })],
        })
    }

    fn end_block(&mut self, at: u64) -> Vec<Event> {
        match self.blocks.remove(&at) {
            Some(Block::Thinking { text, signature }) => {
                let block = json!({"type": "thinking", "thinking": text, "signature": signature});
                vec![Event::Opaque(Opaque { kind: "thinking".into(), data: block.to_string() })]
            }
            Some(Block::ToolUse { index, has_input }) => {
                let empty = Event::ToolCallDelta(ToolCallDelta { index, json: "{}".into() });
                let events = if has_input { Vec::new() } else { vec![empty] };
                events.into_iter().chain([Event::ToolCallEnd(index)]).collect()
            }
            Some(Block::Text) | None => Vec::new(),
        }
    }

    fn merge_usage(&mut self, usage: &Value) {
        for (name, value) in
            usage.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
        {
            self.usage[name.as_str()] = value.clone();
        }
    }

    fn end(&mut self) -> Result<Vec<Event>, Failure> {
        self.over = true;
        let stop = match self.stop.take().as_deref() {
            Some("end_turn") => StopReason::EndTurn,
            Some("max_tokens") => StopReason::MaxTokens,
            Some("stop_sequence") => StopReason::StopSequence,
            Some("tool_use") => StopReason::ToolCalls,
            Some("refusal") => StopReason::Refusal,
            Some("model_context_window_exceeded") => {
                return Err(failure(
                    FailureKind::ContextTooLong,
                    "the reply exceeds the model's context window",
                ));
            }
            Some(reason) => StopReason::Other(reason.to_string()),
            None => {
                return Err(protocol(format!("{SERVICE} ended a message without a stop reason")));
            }
        };
        Ok(vec![Event::Usage(usage(&self.usage)), Event::Stopped(stop)])
    }

    fn whole(&mut self, message: &Value) -> Result<Vec<Event>, Failure> {
        if json::text(message, "/type") == Some("error") {
            return Err(explain::in_stream(message));
        }
        let mut events = Vec::new();
        for (at, block) in json::items(message, "/content").enumerate() {
            let at = at as u64;
            events.extend(self.begin(at, block));
            if let Some(Block::ToolUse { index, has_input }) = self.blocks.get_mut(&at) {
                *has_input = true;
                let json = block.get("input").map_or_else(|| "{}".to_string(), Value::to_string);
                events.push(Event::ToolCallDelta(ToolCallDelta { index: *index, json }));
            }
            events.extend(self.end_block(at));
        }
        self.merge_usage(&message["usage"]);
        self.stop = json::text(message, "/stop_reason").map(String::from);
        events.extend(self.end()?);
        Ok(events)
    }
}

impl Decoder for Reply {
    fn head(&mut self, head: &HttpHead) -> Result<Vec<Event>, Failure> {
        let mut events: Vec<Event> = self.notices.drain(..).map(Event::Notice).collect();
        let scopes = ["requests", "tokens", "input-tokens", "output-tokens"];
        events.extend(scopes.iter().filter_map(|scope| rate_limit(head, scope, self.now_unix_ms)));
        Ok(events)
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        let Some((name, data)) = frames::document(&frame, SERVICE)? else { return Ok(Vec::new()) };
        if self.over {
            return Ok(Vec::new());
        }
        match frame {
            Frame::Body(_) => self.whole(&data),
            _ => {
                let kind = json::text(&data, "/type").map_or(name, String::from);
                self.streamed(&kind, &data)
            }
        }
    }

    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        if self.over { Ok(Vec::new()) } else { Err(frames::cut_off(end, SERVICE)) }
    }
}

/// The service reports cached tokens separately; the contract includes them in the input.
fn usage(usage: &Value) -> Usage {
    let read = json::count(usage, "/cache_read_input_tokens");
    let written = json::count(usage, "/cache_creation_input_tokens");
    let input = json::count(usage, "/input_tokens");
    Usage {
        input_tokens: input.map(|input| input + read.unwrap_or(0) + written.unwrap_or(0)),
        output_tokens: json::count(usage, "/output_tokens"),
        reasoning_tokens: json::count(usage, "/output_tokens_details/thinking_tokens"),
        cache_read_tokens: read,
        cache_write_tokens: written,
    }
}

fn rate_limit(head: &HttpHead, scope: &str, now_unix_ms: u64) -> Option<Event> {
    let value = |part: &str| header(head, &format!("anthropic-ratelimit-{scope}-{part}"));
    let remaining = value("remaining")?.parse().ok();
    Some(Event::RateLimit(RateLimit {
        scope: scope.to_string(),
        limit: value("limit").and_then(|limit| limit.parse().ok()),
        remaining,
        reset_ms: value("reset").and_then(time::unix_ms).map(|at| at.saturating_sub(now_unix_ms)),
    }))
}
