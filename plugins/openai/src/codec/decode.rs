//! Decodes replies of `/responses`, streamed or whole.

use std::collections::BTreeMap;

use massgen_plugin_sdk::{
    BodyEnd, Decoder, Event, Extension, Failure, Frame, HttpHead, Opaque, RateLimit, StopReason,
    ToolCallDelta, ToolCallStart, Usage, frames, header, json, protocol,
};
use serde_json::Value;

use super::explain;

const SERVICE: &str = "OpenAI";

/// Events without new information: their content is in other events.
const EXPECTED: &[&str] = &[
    "response.created",
    "response.in_progress",
    "response.queued",
    "response.content_part.added",
    "response.content_part.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.done",
    "response.reasoning_text.done",
];

/// The state of a reply.
pub struct Reply {
    notices: Vec<String>,
    /// Tool calls by their output index.
    calls: BTreeMap<u64, Call>,
    /// Output items whose text was streamed.
    streamed: Vec<u64>,
    refused: bool,
    over: bool,
}

struct Call {
    index: u32,
    has_arguments: bool,
    ended: bool,
}

impl Reply {
    /// Starts a reply with these notices.
    pub fn new(notices: Vec<String>) -> Self {
        Self { notices, calls: BTreeMap::new(), streamed: Vec::new(), refused: false, over: false }
    }

    fn streamed(&mut self, kind: &str, data: &Value) -> Result<Vec<Event>, Failure> {
        let item_at = json::count(data, "/output_index").unwrap_or(0);
        let delta = || json::text(data, "/delta").unwrap_or_default().to_string();
        Ok(match kind {
            "response.output_text.delta" => {
                self.streamed.push(item_at);
                vec![Event::Text(delta())]
            }
            "response.refusal.delta" => {
                self.refused = true;
                self.streamed.push(item_at);
                vec![Event::Text(delta())]
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.streamed.push(item_at);
                vec![Event::Reasoning(delta())]
            }
            "response.output_item.added" => self.item_added(item_at, &data["item"]),
            "response.function_call_arguments.delta" => self.arguments(item_at, delta())?,
            "response.function_call_arguments.done" => {
                self.rest_of_arguments(item_at, json::text(data, "/arguments"))?
            }
            "response.output_text.done" | "response.refusal.done" => Vec::new(),
            "response.output_item.done" => self.item_done(item_at, &data["item"])?,
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.end(&data["response"])?
            }
            "error" => return Err(explain::in_stream(data)),
            kind if EXPECTED.contains(&kind) => Vec::new(),
            kind => {
                vec![Event::Other(Extension { kind: kind.to_string(), json: data.to_string() })]
            }
        })
    }

    fn item_added(&mut self, at: u64, item: &Value) -> Vec<Event> {
        if json::text(item, "/type") != Some("function_call") {
            return Vec::new();
        }
        let index = self.calls.len() as u32;
        self.calls.insert(at, Call { index, has_arguments: false, ended: false });
        vec![Event::ToolCallStart(ToolCallStart {
            index,
            id: json::text(item, "/call_id").unwrap_or_default().to_string(),
            name: json::text(item, "/name").unwrap_or_default().to_string(),
        })]
    }

    fn arguments(&mut self, at: u64, delta: String) -> Result<Vec<Event>, Failure> {
        let call = self
            .calls
            .get_mut(&at)
            .ok_or_else(|| protocol("arguments of a tool call that never started"))?;
        call.has_arguments |= !delta.is_empty();
        Ok(vec![Event::ToolCallDelta(ToolCallDelta { index: call.index, json: delta })])
    }

    /// Some services send all arguments at the end.
    fn rest_of_arguments(&mut self, at: u64, whole: Option<&str>) -> Result<Vec<Event>, Failure> {
        match self.calls.get(&at) {
            Some(call) if call.has_arguments => Ok(Vec::new()),
            _ => self
                .arguments(at, whole.filter(|text| !text.is_empty()).unwrap_or("{}").to_string()),
        }
    }

    fn item_done(&mut self, at: u64, item: &Value) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        match json::text(item, "/type") {
            Some("function_call") => {
                if !self.calls.contains_key(&at) {
                    events.extend(self.item_added(at, item));
                }
                events.extend(self.rest_of_arguments(at, json::text(item, "/arguments"))?);
                if let Some(call) = self.calls.get_mut(&at).filter(|call| !call.ended) {
                    call.ended = true;
                    events.push(Event::ToolCallEnd(call.index));
                }
            }
            Some("reasoning") => {
                if !self.streamed.contains(&at) {
                    let texts = json::items(item, "/summary").chain(json::items(item, "/content"));
                    events.extend(texts.filter_map(|part| {
                        Some(Event::Reasoning(json::text(part, "/text")?.to_string()))
                    }));
                }
                events.extend(opaque(item));
            }
            Some("message") if !self.streamed.contains(&at) => {
                for part in json::items(item, "/content") {
                    match (json::text(part, "/text"), json::text(part, "/refusal")) {
                        (Some(text), _) => events.push(Event::Text(text.to_string())),
                        (None, Some(refusal)) => {
                            self.refused = true;
                            events.push(Event::Text(refusal.to_string()));
                        }
                        (None, None) => {}
                    }
                }
            }
            Some("message") => {}
            kind => events.push(Event::Other(Extension {
                kind: kind.unwrap_or("item").to_string(),
                json: item.to_string(),
            })),
        }
        Ok(events)
    }

    fn end(&mut self, response: &Value) -> Result<Vec<Event>, Failure> {
        self.over = true;
        let stop = match json::text(response, "/status") {
            Some("completed") if self.refused => StopReason::Refusal,
            Some("completed") if !self.calls.is_empty() => StopReason::ToolCalls,
            Some("completed") => StopReason::EndTurn,
            Some("incomplete") => match json::text(response, "/incomplete_details/reason") {
                Some("max_output_tokens") => StopReason::MaxTokens,
                Some("content_filter") => StopReason::Refusal,
                reason => StopReason::Other(reason.unwrap_or("incomplete").to_string()),
            },
            Some("failed") => return Err(explain::failed_response(response)),
            status => StopReason::Other(status.unwrap_or("no status").to_string()),
        };
        let served = json::text(response, "/model").map(massgen_plugin_sdk::served_model);
        let mut events: Vec<Event> = served.into_iter().chain(usage(response)).collect();
        events.push(Event::Stopped(stop));
        Ok(events)
    }

    fn whole(&mut self, response: &Value) -> Result<Vec<Event>, Failure> {
        if response.get("error").is_some_and(|error| !error.is_null()) {
            return Err(explain::failed_response(response));
        }
        let mut events = Vec::new();
        for (at, item) in json::items(response, "/output").enumerate() {
            events.extend(self.item_done(at as u64, item)?);
        }
        events.extend(self.end(response)?);
        Ok(events)
    }
}

impl Decoder for Reply {
    fn head(&mut self, head: &HttpHead) -> Result<Vec<Event>, Failure> {
        let mut events: Vec<Event> = self.notices.drain(..).map(Event::Notice).collect();
        events.extend(["requests", "tokens"].iter().filter_map(|scope| rate_limit(head, scope)));
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

/// Returns a reasoning item to send back. Without encrypted content there is nothing to send: the service would look
/// the item up in a store, which the request disables.
fn opaque(item: &Value) -> Option<Event> {
    json::text(item, "/encrypted_content").filter(|content| !content.is_empty())?;
    let mut item = item.clone();
    if let Some(object) = item.as_object_mut() {
        object.remove("status");
        object.retain(|_, value| !value.is_null());
    }
    Some(Event::Opaque(Opaque { kind: "reasoning".into(), data: item.to_string() }))
}

fn usage(response: &Value) -> Option<Event> {
    let usage = response.get("usage").filter(|usage| usage.is_object())?;
    Some(Event::Usage(Usage {
        input_tokens: json::count(usage, "/input_tokens"),
        output_tokens: json::count(usage, "/output_tokens"),
        reasoning_tokens: json::count(usage, "/output_tokens_details/reasoning_tokens"),
        cache_read_tokens: json::count(usage, "/input_tokens_details/cached_tokens"),
        cache_write_tokens: json::count(usage, "/input_tokens_details/cache_write_tokens"),
    }))
}

fn rate_limit(head: &HttpHead, scope: &str) -> Option<Event> {
    let value = |part: &str| header(head, &format!("x-ratelimit-{part}-{scope}"));
    let remaining = value("remaining")?.parse().ok();
    Some(Event::RateLimit(RateLimit {
        scope: scope.to_string(),
        limit: value("limit").and_then(|limit| limit.parse().ok()),
        remaining,
        reset_ms: value("reset").and_then(duration_ms),
    }))
}

/// Parses a duration such as `6m0s`, `1.5s` or `20ms` into milliseconds.
fn duration_ms(text: &str) -> Option<u64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit_len] {
                "ms" => 1.0,
                "s" => 1_000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                _ => return None,
            };
        rest = &rest[unit_len..];
    }
    Some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("6m0s", Some(360_000)),
            ("1.5s", Some(1500)),
            ("20ms", Some(20)),
            ("1h2m", Some(3_720_000)),
            ("soon", None),
            ("5", None),
        ] {
            assert_eq!(duration_ms(text), ms, "{text}");
        }
    }
}
