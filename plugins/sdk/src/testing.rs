//! Helpers for tests of providers.

use crate::{
    BodyEnd, Context, Decoder, Event, Failure, Frame, HttpHead, Message, OutputFormat, Part,
    Reasoning, Request, Role, Sampling, SseEvent, ToolChoice,
};

/// Returns a request with a system message and one user message.
pub fn request(model: &str, text: &str) -> Request {
    Request {
        model: model.into(),
        messages: vec![
            Message {
                role: Role::System,
                parts: vec![Part::Text("rules".into())],
                cache_hint: false,
            },
            Message { role: Role::User, parts: vec![Part::Text(text.into())], cache_hint: true },
        ],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        output: OutputFormat::Text,
        reasoning: Reasoning::Unset,
        sampling: Sampling {
            temperature: None,
            top_p: None,
            max_output_tokens: None,
            seed: None,
            stop: Vec::new(),
        },
        stream: true,
        options: Vec::new(),
    }
}

/// Returns a context without settings.
pub fn context() -> Context {
    Context {
        idempotency_key: "k".into(),
        now_unix_ms: 1_795_337_936_000,
        host: "test".into(),
        settings: Vec::new(),
    }
}

/// Returns the head of a reply with status 200.
pub fn head(headers: &[(&str, &str)]) -> HttpHead {
    HttpHead {
        status: 200,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_string(), (*value).to_string()))
            .collect(),
    }
}

/// Splits a recorded body of server-sent events as the host does. An incomplete event at the end is dropped.
pub fn sse(body: &str) -> Vec<Frame> {
    let whole = body.rfind("\n\n").map_or("", |end| &body[..end]);
    let block = |block: &str| {
        let field = |name: &str| {
            block
                .lines()
                .filter_map(|line| line.strip_prefix(name))
                .map(str::trim)
                .collect::<Vec<_>>()
                .join("\n")
        };
        let data = field("data:");
        (!data.is_empty())
            .then(|| Frame::Event(SseEvent { event: field("event:"), data, id: String::new() }))
    };
    whole.split("\n\n").filter_map(block).collect()
}

/// Decodes the frames of a body that ended as `end` says.
pub fn decode(
    mut decoder: impl Decoder,
    head: &HttpHead,
    frames: Vec<Frame>,
    end: BodyEnd,
) -> Result<Vec<Event>, Failure> {
    let mut events = decoder.head(head)?;
    for frame in frames {
        events.extend(decoder.frame(frame)?);
    }
    events.extend(decoder.finish(end)?);
    Ok(events)
}

/// Formats events as short lines, with adjacent texts joined.
pub fn lines(events: &[Event]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut join = |kind: &str, text: &str| match lines.last_mut() {
        Some(last) if !kind.is_empty() && last.starts_with(kind) => last.push_str(text),
        _ => lines.push(format!("{kind}{text}")),
    };
    for event in events {
        match event {
            Event::Text(text) => join("text: ", text),
            Event::Reasoning(text) => join("reasoning: ", text),
            Event::ToolCallDelta(delta) => join(&format!("args {}: ", delta.index), &delta.json),
            Event::ToolCallStart(start) => {
                join("", &format!("call {} {} {}", start.index, start.id, start.name))
            }
            Event::ToolCallEnd(index) => join("", &format!("end {index}")),
            Event::Opaque(opaque) => join("", &format!("opaque {} {}", opaque.kind, opaque.data)),
            Event::Usage(u) => {
                let figure = |n: Option<u64>| n.map_or_else(|| "-".into(), |n| n.to_string());
                join(
                    "",
                    &format!(
                        "usage {} {} {} {} {}",
                        figure(u.input_tokens),
                        figure(u.output_tokens),
                        figure(u.reasoning_tokens),
                        figure(u.cache_read_tokens),
                        figure(u.cache_write_tokens)
                    ),
                );
            }
            Event::RateLimit(limit) => join(
                "",
                &format!("limit {} {:?} {:?}", limit.scope, limit.remaining, limit.reset_ms),
            ),
            Event::Stopped(reason) => join("", &format!("stopped {reason:?}")),
            Event::Notice(text) => join("notice: ", text),
            Event::Other(other) => join("", &format!("other {}", other.kind)),
        }
    }
    lines
}

/// Checks that a recorded stream, truncated at any byte, ends in a failure: a truncated reply must never be accepted as
/// complete.
pub fn check_every_cut<D: Decoder>(decoder: impl Fn() -> D, head: &HttpHead, body: &str) {
    let whole = lines(
        &decode(decoder(), head, sse(body), BodyEnd::Complete).expect("the complete reply decodes"),
    );
    let last_event = body.trim_end().len();
    for at in (0..body.len()).filter(|at| body.is_char_boundary(*at)) {
        let frames = sse(&body[..at]);
        let complete = at >= last_event + 2 || frames.len() == sse(body).len();
        match decode(decoder(), head, frames, BodyEnd::Truncated) {
            Ok(events) => {
                assert!(
                    complete && lines(&events) == whole,
                    "the reply truncated at {at} was accepted as complete"
                )
            }
            Err(failure) => assert!(!failure.message.is_empty(), "truncated at {at}"),
        }
    }
}
