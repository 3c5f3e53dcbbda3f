//! Replies of the three services, in their published formats.

use serde_json::{Value, json};

/// The token count of every prompt.
pub const COUNTED_TOKENS: u64 = 500;

/// Characters per streamed piece.
const PIECE_CHARS: usize = 40;

/// A service, by the format of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `POST /v1/responses`.
    OpenAi,
    /// `POST /v1/messages`.
    Anthropic,
    /// `POST /v1…/models/M:generateContent`.
    Google,
}

impl Service {
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            _ if path.contains("enerateContent") => Some(Self::Google),
            _ if path.starts_with("/v1/messages") => Some(Self::Anthropic),
            _ if path.starts_with("/v1/responses") => Some(Self::OpenAi),
            _ => None,
        }
    }
}

/// The reply to one request.
#[derive(Debug, Clone, Default)]
pub struct Step {
    text: String,
    calls: Vec<(String, Value)>,
    refuses: bool,
    pub(crate) error: Option<(u16, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) delay_ms: u64,
    pub(crate) cut_after: Option<usize>,
    pub(crate) stall_after: Option<usize>,
    pub(crate) malformed: bool,
}

impl Step {
    /// Replies with a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Replies with parallel tool calls.
    pub fn calls(calls: &[(&str, Value)]) -> Self {
        Self {
            calls: calls.iter().map(|(name, args)| ((*name).to_string(), args.clone())).collect(),
            ..Self::default()
        }
    }

    /// Replies with an error status and a body.
    pub fn error(status: u16, body: &Value) -> Self {
        Self { error: Some((status, body.to_string())), ..Self::default() }
    }

    /// Replies with a refusal.
    pub fn refusal() -> Self {
        Self { text: "I can't help with that.".into(), refuses: true, ..Self::default() }
    }

    /// Adds a header to an error reply.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Waits before replying.
    pub fn delay_ms(mut self, ms: u64) -> Self {
        self.delay_ms = ms;
        self
    }

    /// Closes the connection after some events.
    pub fn cut_after(mut self, events: usize) -> Self {
        self.cut_after = Some(events);
        self
    }

    /// Stalls after some events.
    pub fn stall_after(mut self, events: usize) -> Self {
        self.stall_after = Some(events);
        self
    }

    /// Sends malformed JSON.
    pub fn malformed(mut self) -> Self {
        self.malformed = true;
        self
    }
}

/// Returns the reply to a token count request, if the path is one.
pub(crate) fn count(path: &str) -> Option<Value> {
    match path {
        "/v1/responses/input_tokens" => {
            Some(json!({"object": "response.input_tokens", "input_tokens": COUNTED_TOKENS}))
        }
        "/v1/messages/count_tokens" => Some(json!({"input_tokens": COUNTED_TOKENS})),
        _ if path.ends_with(":countTokens") => Some(json!({"totalTokens": COUNTED_TOKENS})),
        _ if path.ends_with("/count-tokens") => Some(json!({"inputTokens": COUNTED_TOKENS})),
        _ => None,
    }
}

/// Replies like a model that calls one tool and then reports.
pub(crate) fn default_step(_service: Service, body: &Value) -> Step {
    let text = body.to_string();
    let has_result = ["function_call_output", "tool_result", "functionResponse"]
        .iter()
        .any(|field| text.contains(field));
    if has_result || body.get("tools").is_none() {
        Step::text(json!({"summary": "fake summary", "findings": []}).to_string())
    } else {
        Step::calls(&[("list_files", json!({"path": null}))])
    }
}

/// Returns a reply in one piece.
pub(crate) fn whole(service: Service, step: &Step, number: usize) -> Value {
    match service {
        Service::OpenAi => json!({
            "id": format!("resp_{number}"), "object": "response", "status": "completed", "error": null, "output": openai_items(step, number),
            "usage": {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 100}, "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 10}, "total_tokens": 1050},
        }),
        Service::Anthropic => json!({
            "id": format!("msg_{number}"), "type": "message", "role": "assistant", "content": anthropic_blocks(step, number), "stop_reason": anthropic_stop(step),
            "usage": {"input_tokens": 900, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 50},
        }),
        Service::Google => {
            let reason = if step.refuses { "SAFETY" } else { "STOP" };
            json!({
                "candidates": [{"index": 0, "content": {"role": "model", "parts": google_parts(step, number)}, "finishReason": reason}],
                "usageMetadata": {"promptTokenCount": 1000, "cachedContentTokenCount": 100, "candidatesTokenCount": 40, "thoughtsTokenCount": 10, "totalTokenCount": 1050},
            })
        }
    }
}

/// Returns the names and data of a streamed reply's events.
pub(crate) fn events(service: Service, step: &Step, number: usize) -> Vec<(String, Value)> {
    let full = whole(service, step, number);
    match service {
        Service::OpenAi => openai_events(&full),
        Service::Anthropic => anthropic_events(&full),
        Service::Google => google_events(&full),
    }
}

fn openai_items(step: &Step, number: usize) -> Value {
    let mut items = vec![
        json!({"type": "reasoning", "id": format!("rs_{number}"), "summary": [], "encrypted_content": format!("sealed-{number}")}),
    ];
    if step.refuses {
        items.push(json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "refusal", "refusal": step.text}]}));
    } else if !step.text.is_empty() {
        items.push(json!({"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": step.text, "annotations": []}]}));
    }
    for (at, (name, args)) in step.calls.iter().enumerate() {
        items.push(json!({"type": "function_call", "id": format!("fc_{at}"), "call_id": format!("call_{number}_{at}"), "name": name, "arguments": args.to_string(), "status": "completed"}));
    }
    items.into()
}

fn openai_events(full: &Value) -> Vec<(String, Value)> {
    let mut events =
        vec![json!({"type": "response.created", "response": {"status": "in_progress"}})];
    for (at, item) in full["output"].as_array().into_iter().flatten().enumerate() {
        events.push(json!({"type": "response.output_item.added", "output_index": at, "item": {"type": item["type"], "call_id": item["call_id"], "name": item["name"]}}));
        if let Some(text) = item["content"][0]["text"].as_str() {
            events.extend(pieces(text).map(|piece| json!({"type": "response.output_text.delta", "output_index": at, "delta": piece})));
        }
        if let Some(text) = item["content"][0]["refusal"].as_str() {
            events.extend(pieces(text).map(|piece| json!({"type": "response.refusal.delta", "output_index": at, "delta": piece})));
        }
        if let Some(args) = item["arguments"].as_str() {
            events.extend(pieces(args).map(|piece| json!({"type": "response.function_call_arguments.delta", "output_index": at, "delta": piece})));
        }
        events.push(json!({"type": "response.output_item.done", "output_index": at, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": full}));
    events
        .into_iter()
        .map(|event| (event["type"].as_str().unwrap_or_default().to_string(), event))
        .collect()
}

fn anthropic_blocks(step: &Step, number: usize) -> Value {
    let mut blocks = Vec::new();
    if !step.text.is_empty() {
        blocks.push(json!({"type": "text", "text": step.text}));
    }
    for (at, (name, args)) in step.calls.iter().enumerate() {
        blocks.push(json!({"type": "tool_use", "id": format!("toolu_{number}_{at}"), "name": name, "input": args}));
    }
    blocks.into()
}

fn anthropic_stop(step: &Step) -> &'static str {
    match step {
        Step { refuses: true, .. } => "refusal",
        Step { calls, .. } if !calls.is_empty() => "tool_use",
        _ => "end_turn",
    }
}

fn anthropic_events(full: &Value) -> Vec<(String, Value)> {
    let mut events = vec![
        json!({"type": "message_start", "message": {"usage": full["usage"]}}),
        json!({"type": "ping"}),
    ];
    for (at, block) in full["content"].as_array().into_iter().flatten().enumerate() {
        let text = block["text"].as_str();
        let start = if text.is_some() {
            json!({"type": "text", "text": ""})
        } else {
            json!({"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}})
        };
        events.push(json!({"type": "content_block_start", "index": at, "content_block": start}));
        let whole = text.map_or_else(|| block["input"].to_string(), String::from);
        events.extend(pieces(&whole).map(|piece| {
            let delta = if text.is_some() {
                json!({"type": "text_delta", "text": piece})
            } else {
                json!({"type": "input_json_delta", "partial_json": piece})
            };
            json!({"type": "content_block_delta", "index": at, "delta": delta})
        }));
        events.push(json!({"type": "content_block_stop", "index": at}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": full["stop_reason"]}, "usage": {"output_tokens": full["usage"]["output_tokens"]}}));
    events.push(json!({"type": "message_stop"}));
    events
        .into_iter()
        .map(|event| (event["type"].as_str().unwrap_or_default().to_string(), event))
        .collect()
}

fn google_parts(step: &Step, number: usize) -> Value {
    let mut parts = Vec::new();
    if !step.text.is_empty() && !step.refuses {
        parts.push(json!({"text": step.text}));
    }
    for (at, (name, args)) in step.calls.iter().enumerate() {
        let mut part = json!({"functionCall": {"id": format!("fc-{number}-{at}"), "name": name, "args": args}});
        if at == 0 {
            part["thoughtSignature"] = format!("c2ln{number}").into();
        }
        parts.push(part);
    }
    parts.into()
}

fn google_events(full: &Value) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    for part in full["candidates"][0]["content"]["parts"].as_array().into_iter().flatten() {
        match part["text"].as_str() {
            Some(text) => events.extend(pieces(text).map(|piece| json!({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}}]}))),
            None => events.push(json!({"candidates": [{"content": {"role": "model", "parts": [part]}}]})),
        }
    }
    events.push(json!({"candidates": [{"finishReason": full["candidates"][0]["finishReason"]}], "usageMetadata": full["usageMetadata"]}));
    events.into_iter().map(|event| (String::new(), event)).collect()
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    let pieces: Vec<String> =
        chars.chunks(PIECE_CHARS).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter()
}
