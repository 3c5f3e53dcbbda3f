//! Explains Anthropic's errors.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => from_document(status, &document),
        Err(_) => failed(classify::from_status(status), classify::body_excerpt(status, body)),
    }
}

/// Explains the event `error` of a stream.
pub(super) fn in_stream(event: &Value) -> Failure {
    from_document(500, event)
}

fn from_document(status: u16, document: &Value) -> Failure {
    let error = document.get("error").unwrap_or(document);
    let message =
        json::text(error, "/message").or(error.as_str()).unwrap_or("no error message").to_string();
    let kind = json::text(error, "/type").unwrap_or_default();
    let detail = json::text(error, "/details/error_code");
    Failure {
        kind: classified(status, kind, detail, &message),
        provider_code: detail.or(Some(kind)).filter(|code| !code.is_empty()).map(String::from),
        pointer: pointer(&message),
        ..failed(FailureKind::Other, message)
    }
}

fn classified(status: u16, kind: &str, detail: Option<&str>, message: &str) -> FailureKind {
    // These look like rate limits but last until the end of the month or a payment.
    if detail == Some("enforced_spend_limit_reached")
        || message.contains("credit balance is too low")
    {
        return FailureKind::Billing;
    }
    match kind {
        "authentication_error" => FailureKind::Authentication,
        "permission_error" => FailureKind::Permission,
        "billing_error" => FailureKind::Billing,
        "not_found_error" => FailureKind::ModelUnknown,
        "request_too_large" => FailureKind::ContextTooLong,
        "rate_limit_error" => FailureKind::RateLimited,
        "overloaded_error" => FailureKind::Overloaded,
        "api_error" | "timeout_error" => FailureKind::Unavailable,
        _ if classify::is_overflow(message) => FailureKind::ContextTooLong,
        "invalid_request_error" => FailureKind::InvalidRequest,
        _ => classify::from_status(status),
    }
}

/// Returns a pointer to the part of the request that the message names first.
fn pointer(message: &str) -> Option<String> {
    let fields = [
        ("output_config", "/output"),
        ("tools", "/tools"),
        ("tool_choice", "/tool-choice"),
        ("thinking", "/reasoning"),
        ("max_tokens", "/sampling/max-output-tokens"),
        ("model", "/model"),
        ("messages", "/messages"),
    ];
    fields
        .iter()
        .find(|(name, _)| message.starts_with(name))
        .map(|(_, pointer)| (*pointer).to_string())
}
