//! Decodes the reply of `/api/show`, then that of `/api/chat`, streamed or whole.

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, FailureKind, FollowUp, Frame, HttpHead,
    StopReason, ToolCallDelta, ToolCallStart, Usage, failure, frames, json,
};
use serde_json::{Map, Value};

use super::window::{self, Need};
use super::{encode, explain};

const SERVICE: &str = "Ollama";

/// The state of an exchange with two requests.
pub struct Reply {
    notices: Vec<String>,
    /// Body of the second request, until the first is answered.
    chat: Option<Map<String, Value>>,
    next: Option<FollowUp>,
    need: Need,
    /// Window that the user set, in tokens.
    fixed: Option<u64>,
    /// Window of the second request, in tokens.
    window: u64,
    calls: u32,
    named: bool,
    over: bool,
}

impl Reply {
    /// Starts an exchange whose second request has the body `chat`. `fixed` is the window that the user set.
    pub fn new(
        chat: Map<String, Value>,
        notices: Vec<String>,
        need: Need,
        fixed: Option<u64>,
    ) -> Self {
        Self {
            notices,
            chat: Some(chat),
            next: None,
            need,
            fixed,
            window: 0,
            calls: 0,
            named: false,
            over: false,
        }
    }

    /// Handles the description of the model: chooses the window and prepares the second request.
    fn shown(&mut self, chat: Map<String, Value>, model: &Value) -> Result<Vec<Event>, Failure> {
        let (window, notice) = window::size(self.need, context_of(model), self.fixed)
            .map_err(|why| failure(FailureKind::ContextTooLong, why))?;
        if let Some(tools) = chat.get("tools").and_then(Value::as_array)
            && !tools.is_empty()
            && lacks_tools(model)
        {
            let why = "this model's template does not support tools";
            return Err(massgen_plugin_sdk::unsupported("/tools", why));
        }
        self.window = window;
        self.next = Some(FollowUp { request: encode::chat(chat, window), delay_ms: 0 });
        Ok(notice.map(Event::Notice).into_iter().collect())
    }

    fn message(&mut self, document: &Value) -> Result<Vec<Event>, Failure> {
        if let Some(error) = document.get("error") {
            return Err(explain::in_stream(error));
        }
        let mut events = Vec::new();
        if !self.named
            && let Some(model) = json::text(document, "/model")
        {
            self.named = true;
            let json = Value::from(model).to_string();
            events.push(Event::Other(Extension { kind: "served-model".into(), json }));
        }
        let text = |pointer: &str| json::text(document, pointer).filter(|text| !text.is_empty());
        events.extend(text("/message/thinking").map(|text| Event::Reasoning(text.to_string())));
        events.extend(text("/message/content").map(|text| Event::Text(text.to_string())));
        for call in json::items(document, "/message/tool_calls") {
            self.call(call, &mut events);
        }
        if document.get("done").and_then(Value::as_bool) == Some(true) {
            events.extend(self.end(document)?);
        }
        Ok(events)
    }

    fn call(&mut self, call: &Value, events: &mut Vec<Event>) {
        let index = self.calls;
        self.calls += 1;
        let own_id = format!("call-{index}");
        events.push(Event::ToolCallStart(ToolCallStart {
            index,
            id: json::text(call, "/id").unwrap_or(&own_id).to_string(),
            name: json::text(call, "/function/name").unwrap_or_default().to_string(),
        }));
        let arguments = call.pointer("/function/arguments").filter(|value| value.is_object());
        let json = arguments.map_or_else(|| "{}".to_string(), Value::to_string);
        events.push(Event::ToolCallDelta(ToolCallDelta { index, json }));
        events.push(Event::ToolCallEnd(index));
    }

    fn end(&mut self, document: &Value) -> Result<Vec<Event>, Failure> {
        self.over = true;
        let prompt = json::count(document, "/prompt_eval_count");
        if let Some(counted) = prompt
            && window::was_truncated(counted, self.window, self.need)
        {
            return Err(Failure {
                provider_code: Some("context_truncated".into()),
                ..failure(
                    FailureKind::ContextTooLong,
                    format!(
                        "Ollama truncated the prompt: it read {counted} of about {} tokens (num_ctx {}); the server's own limit may be lower",
                        self.need.prompt_tokens, self.window
                    ),
                )
            });
        }
        let stop = match json::text(document, "/done_reason") {
            Some("length") => StopReason::MaxTokens,
            _ if self.calls > 0 => StopReason::ToolCalls,
            Some("stop") => StopReason::EndTurn,
            reason => StopReason::Other(reason.unwrap_or("no stop reason").to_string()),
        };
        let usage = Usage {
            input_tokens: prompt,
            output_tokens: json::count(document, "/eval_count"),
            reasoning_tokens: None,
            cache_read_tokens: None,
            cache_write_tokens: None,
        };
        Ok(vec![Event::Usage(usage), Event::Stopped(stop)])
    }
}

/// Returns the context length, a field such as `llama.context_length` that is named after the architecture.
fn context_of(model: &Value) -> Option<u64> {
    let info = model.get("model_info")?.as_object()?;
    info.iter().find(|(name, _)| name.ends_with(".context_length")).and_then(|(_, n)| n.as_u64())
}

/// Returns whether the model does not support tools. Older servers list no capabilities, so tools are tried.
fn lacks_tools(model: &Value) -> bool {
    let known = model.get("capabilities").and_then(Value::as_array);
    known.is_some_and(|all| !all.is_empty() && all.iter().all(|word| word != "tools"))
}

impl Decoder for Reply {
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(self.notices.drain(..).map(Event::Notice).collect())
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        let document = match &frame {
            Frame::Line(line) if line.trim().is_empty() => return Ok(Vec::new()),
            Frame::Line(line) => json::parse(line.as_bytes(), "a line from Ollama")?,
            other => match frames::document(other, SERVICE)? {
                Some((_, document)) => document,
                None => return Ok(Vec::new()),
            },
        };
        match self.chat.take() {
            Some(chat) => self.shown(chat, &document),
            None if self.over => Ok(Vec::new()),
            None => self.message(&document),
        }
    }

    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        let awaiting_chat = self.next.is_some() && matches!(end, BodyEnd::Complete);
        if self.over || awaiting_chat { Ok(Vec::new()) } else { Err(frames::cut_off(end, SERVICE)) }
    }

    fn next(&mut self) -> Option<FollowUp> {
        self.next.take()
    }
}
