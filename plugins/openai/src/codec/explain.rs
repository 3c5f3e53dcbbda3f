//! Explains OpenAI's errors.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return failed(classify::from_status(status), classify::body_excerpt(status, body));
    };
    let error = document.get("error").unwrap_or(&document);
    let message =
        json::text(error, "/message").or(error.as_str()).unwrap_or("no error message").to_string();
    let code = code(error);
    Failure {
        kind: kind(
            status,
            code.as_deref().unwrap_or_default(),
            json::text(error, "/type").unwrap_or_default(),
            &message,
        ),
        provider_code: code,
        pointer: json::text(error, "/param").and_then(pointer),
        ..failed(FailureKind::Other, message)
    }
}

/// Explains the event `error` of a stream.
pub(super) fn in_stream(event: &Value) -> Failure {
    let error = event.get("error").unwrap_or(event);
    let message =
        json::text(error, "/message").unwrap_or("the service reported an error").to_string();
    let code = code(error);
    Failure {
        kind: kind(500, code.as_deref().unwrap_or_default(), "", &message),
        provider_code: code,
        ..failed(FailureKind::Other, message)
    }
}

/// Explains a response with status `failed`.
pub(super) fn failed_response(response: &Value) -> Failure {
    in_stream(response)
}

/// Returns the error code, which some compatible servers send as a number.
fn code(error: &Value) -> Option<String> {
    match error.get("code")? {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    }
}

fn kind(status: u16, code: &str, error_type: &str, message: &str) -> FailureKind {
    match code {
        "insufficient_quota" | "billing_hard_limit_reached" => FailureKind::Billing,
        "context_length_exceeded" => FailureKind::ContextTooLong,
        "model_not_found" => FailureKind::ModelUnknown,
        "invalid_api_key" => FailureKind::Authentication,
        "rate_limit_exceeded" => FailureKind::RateLimited,
        "server_is_overloaded" | "slow_down" => FailureKind::Overloaded,
        "content_filter"
        | "content_policy_violation"
        | "bio_policy"
        | "misalignment_policy_violation"
        | "invalid_prompt" => FailureKind::Refused,
        _ if error_type == "insufficient_quota" => FailureKind::Billing,
        _ if classify::is_overflow(message) || error_type == "exceed_context_size_error" => {
            FailureKind::ContextTooLong
        }
        _ if status == 404 && !message.contains("model") => FailureKind::Other,
        _ => classify::from_status(status),
    }
}

/// Returns the pointer for the error's `param`.
fn pointer(param: &str) -> Option<String> {
    let fields = [
        ("text", "/output"),
        ("tool", "/tools"),
        ("reasoning", "/reasoning"),
        ("temperature", "/sampling/temperature"),
        ("max_output_tokens", "/sampling/max-output-tokens"),
        ("model", "/model"),
        ("input", "/messages"),
    ];
    fields
        .iter()
        .find(|(name, _)| param.starts_with(name))
        .map(|(_, pointer)| (*pointer).to_string())
}
