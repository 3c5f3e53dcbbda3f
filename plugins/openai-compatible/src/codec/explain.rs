//! Explains errors in the formats of compatible services.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    if body.iter().all(u8::is_ascii_whitespace) && matches!(status, 400 | 413) {
        return failed(
            FailureKind::ContextTooLong,
            format!(
                "status {status} without a message, which usually means that the prompt is too long"
            ),
        );
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => from_document(status, &document),
        Err(_) => failed(classify::from_status(status), classify::body_excerpt(status, body)),
    }
}

/// Explains an error in the middle of a reply: a chunk or a body with a field `error`.
pub(super) fn in_stream(document: &Value) -> Failure {
    let status = document.pointer("/error/code").and_then(Value::as_u64);
    from_document(status.and_then(|code| u16::try_from(code).ok()).unwrap_or(500), document)
}

fn from_document(status: u16, document: &Value) -> Failure {
    // Some services wrap errors in an array.
    let document = document.get(0).unwrap_or(document);
    let error = document.get("error").filter(|error| !error.is_null()).unwrap_or(document);
    let text = message(error)
        .or_else(|| message(document))
        .unwrap_or_else(|| format!("status {status}: {}", excerpt(document)));
    let code = field(error, "code").or_else(|| field(error, "type"));
    let error_type = field(error, "type").unwrap_or_default();
    Failure {
        kind: kind(status, code.as_deref().unwrap_or_default(), &error_type, &text),
        provider_code: code,
        pointer: field(error, "param").as_deref().and_then(pointer).or_else(|| pointer_in(&text)),
        ..failed(FailureKind::Other, text)
    }
}

/// Returns the error message: a text, the field `message` with a broker's upstream error, or a list of invalid fields.
fn message(error: &Value) -> Option<String> {
    if let Some(text) = error.as_str() {
        return Some(text.to_string());
    }
    let invalid_field = |item: &Value| {
        let path: Vec<String> = json::items(item, "/loc")
            .map(|part| part.as_str().map_or_else(|| part.to_string(), String::from))
            .collect();
        Some(format!("{}: {}", path.join("."), json::text(item, "/msg")?))
    };
    let detail = match error.get("detail").or_else(|| error.get("message")) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(items)) => {
            let all: Vec<String> = items.iter().filter_map(invalid_field).collect();
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

/// Returns a field that is a non-empty string or a number.
fn field(error: &Value, name: &str) -> Option<String> {
    match error.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kind(status: u16, code: &str, error_type: &str, message: &str) -> FailureKind {
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
        _ if error_type == "exceed_context_size_error" || classify::is_overflow(message) => {
            FailureKind::ContextTooLong
        }
        _ if lower.contains("insufficient balance") || lower.contains("insufficient credits") => {
            FailureKind::Billing
        }
        // Some services use 400 or 422 where others use 404 or 401.
        400 | 422 if lower.contains("model") && says_unknown(&lower) => FailureKind::ModelUnknown,
        400 if lower.contains("api key") && lower.contains("incorrect") => {
            FailureKind::Authentication
        }
        404 if !lower.contains("model") => FailureKind::Other,
        498 => FailureKind::Overloaded,
        status => classify::from_status(status),
    }
}

fn says_unknown(lower: &str) -> bool {
    ["not found", "does not exist", "not exist", "unknown model", "invalid model", "no such model"]
        .iter()
        .any(|words| lower.contains(words))
}

/// Fields of the service's request, each with a pointer into the contract's request.
const FIELDS: &[(&str, &str)] = &[
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

/// Returns the pointer for the error's `param`.
fn pointer(param: &str) -> Option<String> {
    FIELDS.iter().find(|(name, _)| param.starts_with(name)).map(|(_, to)| (*to).to_string())
}

/// Returns the pointer for a field that only the message names.
fn pointer_in(message: &str) -> Option<String> {
    FIELDS
        .iter()
        .filter(|(name, _)| *name != "messages")
        .find(|(name, _)| message.contains(name))
        .map(|(_, to)| (*to).to_string())
}

fn excerpt(document: &Value) -> String {
    document.to_string().chars().take(200).collect()
}
