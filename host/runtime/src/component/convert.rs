//! Conversions between the program's types and generated ones.

use massgen_models::event::{Event, RateLimit, StopReason, Usage};
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{ListedModel, ListedPrice};
use massgen_models::request::{
    self, Message, OutputFormat, Part, Reasoning, Request, Role, ToolChoice,
};

use super::bindings::provider::analyzer_model as wit;
use super::guest::Context;
use crate::sentinel;
use crate::transport::framing::{Frame, Framing};
use crate::transport::http::HttpHead;
use crate::transport::outgoing::PluginRequest;

pub(super) type WitEvent = wit::Event;
pub(super) type WitFailure = wit::Failure;

const MESSAGE_CHARS_MAX: usize = 4 << 10;

/// Converts from units of 10^-12 dollars per token.
fn per_mtok(price: u64) -> f64 {
    price as f64 / 1e6
}

pub(super) fn context(context: &Context) -> wit::Context {
    sentinel::check(context.idempotency_key.as_bytes());
    context.settings.iter().for_each(|(_, value)| sentinel::check(value.as_bytes()));
    wit::Context {
        idempotency_key: context.idempotency_key.clone(),
        now_unix_ms: context.now_unix_ms,
        host: context.host.clone(),
        settings: context.settings.clone(),
    }
}

pub(super) fn head(head: &HttpHead) -> wit::HttpHead {
    head.headers.iter().for_each(|(_, value)| sentinel::check(value.as_bytes()));
    wit::HttpHead { status: head.status, headers: head.headers.clone() }
}

pub(super) fn plugin_request(request: wit::HttpRequest) -> PluginRequest {
    let framing = match request.framing {
        wit::Framing::Whole => Framing::Whole,
        wit::Framing::Sse => Framing::Sse,
        wit::Framing::Lines => Framing::Lines,
        wit::Framing::Raw => Framing::Raw,
    };
    PluginRequest {
        endpoint: request.endpoint,
        method: request.method,
        path: request.path,
        query: request.query,
        headers: request.headers,
        body: request.body,
        framing,
    }
}

pub(super) fn failure(failure: wit::Failure) -> Failure {
    use wit::FailureKind as Kind;
    let kind = match failure.kind {
        Kind::Authentication => FailureKind::Authentication,
        Kind::Permission => FailureKind::Permission,
        Kind::Billing => FailureKind::Billing,
        Kind::RateLimited => FailureKind::RateLimited,
        Kind::Overloaded => FailureKind::Overloaded,
        Kind::Unavailable => FailureKind::Unavailable,
        Kind::ContextTooLong => FailureKind::ContextTooLong,
        Kind::Refused => FailureKind::Refused,
        Kind::ModelUnknown => FailureKind::ModelUnknown,
        Kind::InvalidRequest => FailureKind::InvalidRequest,
        Kind::Unsupported => FailureKind::Unsupported,
        Kind::Protocol => FailureKind::Protocol,
        Kind::Other => FailureKind::Other,
    };
    let message = failure.message.chars().take(MESSAGE_CHARS_MAX).collect::<String>();
    Failure {
        provider_code: failure.provider_code.map(|code| code.chars().take(200).collect()),
        retry_after_ms: failure.retry_after_ms,
        pointer: failure.pointer,
        ..Failure::new(kind, message)
    }
}

pub(super) fn listed_model(model: wit::ModelInfo) -> ListedModel {
    ListedModel {
        id: model.id,
        display_name: model.display_name,
        context_tokens: model.context_tokens,
        max_output_tokens: model.max_output_tokens,
        features: model.features,
        deprecated: model.deprecated,
        price: model.pricing.map(|price| ListedPrice {
            input_per_mtok: per_mtok(price.input),
            output_per_mtok: per_mtok(price.output),
            cache_read_per_mtok: price.cache_read.map(per_mtok),
            cache_write_per_mtok: price.cache_write.map(per_mtok),
        }),
    }
}

/// Adds the transport's details to a failure.
pub(crate) fn to_failure(mut failure: Failure, head: &HttpHead) -> Failure {
    failure.http_status = Some(head.status);
    failure.request_id = head.request_id();
    // The header comes from the service itself; the plugin's figure is read from the body.
    failure.retry_after_ms = head.retry_after_ms().or(failure.retry_after_ms);
    failure
}

pub(super) fn body_end(complete: bool) -> wit::BodyEnd {
    if complete { wit::BodyEnd::Complete } else { wit::BodyEnd::Truncated }
}

pub(super) fn frame(frame: Frame) -> wit::Frame {
    match &frame {
        Frame::Body(bytes) | Frame::Bytes(bytes) => sentinel::check(bytes),
        Frame::Event { event, data, id } => {
            [event, data, id].iter().for_each(|text| sentinel::check(text.as_bytes()));
        }
        Frame::Line(line) => sentinel::check(line.as_bytes()),
    }
    match frame {
        Frame::Body(bytes) => wit::Frame::Body(bytes),
        Frame::Event { event, data, id } => wit::Frame::Event(wit::SseEvent { event, data, id }),
        Frame::Line(line) => wit::Frame::Line(line),
        Frame::Bytes(bytes) => wit::Frame::Bytes(bytes),
    }
}

pub(super) fn request(request: &Request) -> wit::Request {
    if cfg!(debug_assertions) {
        sentinel::check(&serde_json::to_vec(request).unwrap_or_default());
    }
    let sampling = &request.sampling;
    wit::Request {
        model: request.model.clone(),
        messages: request.messages.iter().map(message).collect(),
        tools: request
            .tools
            .iter()
            .map(|tool| wit::Tool {
                name: tool.name.clone(),
                description: tool.description.clone(),
                input_schema_json: tool.input_schema_json.clone(),
            })
            .collect(),
        tool_choice: match &request.tool_choice {
            ToolChoice::Auto => wit::ToolChoice::Auto,
            ToolChoice::None => wit::ToolChoice::None,
            ToolChoice::Required => wit::ToolChoice::Required,
            ToolChoice::Named(name) => wit::ToolChoice::Named(name.clone()),
        },
        output: match &request.output {
            OutputFormat::Text => wit::OutputFormat::Text,
            OutputFormat::JsonObject => wit::OutputFormat::JsonObject,
            OutputFormat::JsonSchema(named) => wit::OutputFormat::JsonSchema(wit::NamedSchema {
                name: named.name.clone(),
                schema_json: named.schema_json.clone(),
                strict: named.strict,
            }),
        },
        reasoning: match &request.reasoning {
            Reasoning::Unset => wit::Reasoning::Unset,
            Reasoning::Off => wit::Reasoning::Off,
            Reasoning::Level(level) => wit::Reasoning::Level(level.clone()),
            Reasoning::BudgetTokens(tokens) => wit::Reasoning::BudgetTokens(*tokens),
        },
        sampling: wit::Sampling {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            max_output_tokens: sampling.max_output_tokens,
            seed: sampling.seed,
            stop: sampling.stop.clone(),
        },
        stream: request.stream,
        options: request.options.clone(),
    }
}

fn message(message: &Message) -> wit::Message {
    wit::Message {
        role: match message.role {
            Role::System => wit::Role::System,
            Role::User => wit::Role::User,
            Role::Assistant => wit::Role::Assistant,
        },
        parts: message.parts.iter().map(part).collect(),
        cache_hint: message.cache_hint,
    }
}

fn part(part: &Part) -> wit::Part {
    match part {
        Part::Text(text) => wit::Part::Text(text.clone()),
        Part::ToolCall(call) => wit::Part::ToolCall(wit::ToolCall {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments_json: call.arguments_json.clone(),
        }),
        Part::ToolResult(result) => wit::Part::ToolResult(wit::ToolResult {
            call_id: result.call_id.clone(),
            name: result.name.clone(),
            is_error: result.is_error,
            content: vec![wit::ToolOutput::Text(result.text.clone())],
        }),
        Part::Reasoning(text) => wit::Part::Reasoning(text.clone()),
        Part::Opaque(opaque) => {
            wit::Part::Opaque(wit::Opaque { kind: opaque.kind.clone(), data: opaque.data.clone() })
        }
    }
}

pub(super) fn event(event: wit::Event) -> Event {
    match event {
        wit::Event::Text(text) => Event::Text(text),
        wit::Event::Reasoning(text) => Event::Reasoning(text),
        wit::Event::Opaque(opaque) => {
            Event::Opaque(request::Opaque { kind: opaque.kind, data: opaque.data })
        }
        wit::Event::ToolCallStart(start) => {
            Event::ToolCallStart { index: start.index, id: start.id, name: start.name }
        }
        wit::Event::ToolCallDelta(delta) => {
            Event::ToolCallDelta { index: delta.index, json: delta.json }
        }
        wit::Event::ToolCallEnd(index) => Event::ToolCallEnd(index),
        wit::Event::Usage(usage) => Event::Usage(Usage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
        }),
        wit::Event::RateLimit(limit) => Event::RateLimit(RateLimit {
            scope: limit.scope,
            limit: limit.limit,
            remaining: limit.remaining,
            reset_ms: limit.reset_ms,
        }),
        wit::Event::Stopped(reason) => Event::Stopped(match reason {
            wit::StopReason::EndTurn => StopReason::EndTurn,
            wit::StopReason::MaxTokens => StopReason::MaxTokens,
            wit::StopReason::ToolCalls => StopReason::ToolCalls,
            wit::StopReason::StopSequence => StopReason::StopSequence,
            wit::StopReason::Refusal => StopReason::Refusal,
            wit::StopReason::Other(reason) => StopReason::Other(reason),
        }),
        wit::Event::Notice(text) => Event::Notice(text.chars().take(MESSAGE_CHARS_MAX).collect()),
        wit::Event::Other(other) => Event::Other { kind: other.kind, json: other.json },
    }
}
