//! Explains errors.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => from_document(status, &document),
        Err(_) => failed(classify::from_status(status), classify::body_excerpt(status, body)),
    }
}

/// Explains an error in the middle of a reply.
pub(super) fn in_stream(document: &Value) -> Failure {
    from_document(500, document)
}

fn from_document(status: u16, document: &Value) -> Failure {
    let error = document.get("error").unwrap_or(document);
    let Some(message) = json::text(error, "/message").or(error.as_str()) else {
        let shown = classify::body_excerpt(status, document.to_string().as_bytes());
        return failed(classify::from_status(status), shown);
    };
    let code = match error.get("code") {
        Some(Value::String(code)) => code.clone(),
        Some(Value::Number(code)) => code.to_string(),
        _ => json::text(error, "/type").unwrap_or_default().to_string(),
    };
    let kind = match code.as_str() {
        "insufficient_quota" => FailureKind::Billing,
        "context_length_exceeded" => FailureKind::ContextTooLong,
        "model_not_found" => FailureKind::ModelUnknown,
        "rate_limit_exceeded" => FailureKind::RateLimited,
        "content_filter" => FailureKind::Refused,
        _ if classify::is_overflow(message) => FailureKind::ContextTooLong,
        _ => classify::from_status(status),
    };
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Failure { provider_code: (!code.is_empty()).then_some(code), ..failed(kind, message) }
}
