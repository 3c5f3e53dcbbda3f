//! Errors in all the shapes that compatible services give them.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// What a status of 400 or above means.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    if body.iter().all(u8::is_ascii_whitespace) && matches!(status, 400 | 413) {
        return failed(
            FailureKind::ContextTooLong,
            format!(
                "status {status} without a message: services say so when the prompt is too long"
            ),
        );
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => of_document(status, &document),
        Err(_) => failed(classify::of_status(status), classify::foreign_body(status, body)),
    }
}

/// An error within a reply that began well: a chunk or a body with a field `error`.
pub(super) fn within(document: &Value) -> Failure {
    let status = document.pointer("/error/code").and_then(Value::as_u64);
    of_document(status.and_then(|code| u16::try_from(code).ok()).unwrap_or(500), document)
}

fn of_document(status: u16, document: &Value) -> Failure {
    // One service wraps its error in an array.
    let document = document.get(0).unwrap_or(document);
    let error = document.get("error").filter(|error| !error.is_null()).unwrap_or(document);
    let said = message(error).or_else(|| message(document));
    let text = said.unwrap_or_else(|| format!("status {status}: {}", cut(document)));
    let code = word(error, "code").or_else(|| word(error, "type"));
    let kind_word = word(error, "type").unwrap_or_default();
    Failure {
        kind: kind(status, code.as_deref().unwrap_or_default(), &kind_word, &text),
        provider_code: code,
        pointer: word(error, "param").as_deref().and_then(pointer).or_else(|| pointer_in(&text)),
        ..failed(FailureKind::Other, text)
    }
}

/// The words for people: a text, `message`, what the service behind a broker said, or a list of complaints.
fn message(error: &Value) -> Option<String> {
    if let Some(text) = error.as_str() {
        return Some(text.to_string());
    }
    let complaint = |item: &Value| {
        let place: Vec<String> = json::items(item, "/loc")
            .map(|part| part.as_str().map_or_else(|| part.to_string(), String::from))
            .collect();
        Some(format!("{}: {}", place.join("."), json::text(item, "/msg")?))
    };
    let detail = match error.get("detail").or_else(|| error.get("message")) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(items)) => {
            let all: Vec<String> = items.iter().filter_map(complaint).collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Some(object @ Value::Object(_)) => message(object),
        _ => None,
    }?;
    match json::text(error, "/metadata/raw") {
        Some(raw) if !raw.is_empty() => {
            Some(format!("{detail}: {}", raw.chars().take(300).collect::<String>()))
        }
        _ => Some(detail),
    }
}

fn word(error: &Value, name: &str) -> Option<String> {
    match error.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kind(status: u16, code: &str, kind: &str, message: &str) -> FailureKind {
    let lower = message.to_ascii_lowercase();
    match code {
        "insufficient_quota" | "billing_hard_limit_reached" => return FailureKind::Billing,
        "context_length_exceeded" => return FailureKind::ContextTooLong,
        "model_not_found" | "model_not_available" | "DeploymentNotFound" => {
            return FailureKind::ModelUnknown;
        }
        "invalid_api_key" | "invalid_authentication" => return FailureKind::Authentication,
        "content_filter" | "content_policy_violation" => return FailureKind::Refused,
        _ => {}
    }
    match status {
        _ if kind == "exceed_context_size_error" || classify::is_overflow(message) => {
            FailureKind::ContextTooLong
        }
        _ if lower.contains("insufficient balance") || lower.contains("insufficient credits") => {
            FailureKind::Billing
        }
        // Some answer 400 or 422 where others answer 404 or 401.
        400 | 422 if lower.contains("model") && says_unknown(&lower) => FailureKind::ModelUnknown,
        400 if lower.contains("api key") && lower.contains("incorrect") => {
            FailureKind::Authentication
        }
        404 if !lower.contains("model") => FailureKind::Other,
        498 => FailureKind::Overloaded,
        status => classify::of_status(status),
    }
}

fn says_unknown(lower: &str) -> bool {
    ["not found", "does not exist", "not exist", "unknown model", "invalid model", "no such model"]
        .iter()
        .any(|words| lower.contains(words))
}

const PARTS: &[(&str, &str)] = &[
    ("response_format", "/output"),
    ("tool_choice", "/tool-choice"),
    ("parallel_tool_calls", "/tool-choice"),
    ("tools", "/tools"),
    ("reasoning", "/reasoning"),
    ("thinking", "/reasoning"),
    ("enable_thinking", "/reasoning"),
    ("chat_template_kwargs", "/reasoning"),
    ("temperature", "/sampling/temperature"),
    ("max_tokens", "/sampling/max-output-tokens"),
    ("max_completion_tokens", "/sampling/max-output-tokens"),
    ("seed", "/sampling/seed"),
    ("messages", "/messages"),
];

/// Where in the request the service's `param` points.
fn pointer(param: &str) -> Option<String> {
    PARTS.iter().find(|(name, _)| param.starts_with(name)).map(|(_, to)| (*to).to_string())
}

/// The same, where only the message names the field.
fn pointer_in(message: &str) -> Option<String> {
    PARTS
        .iter()
        .filter(|(name, _)| *name != "messages")
        .find(|(name, _)| message.contains(name))
        .map(|(_, to)| (*to).to_string())
}

fn cut(document: &Value) -> String {
    document.to_string().chars().take(200).collect()
}
