//! Google's errors.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// What a status of 400 or above means.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<Value>(body) {
        // Some gateways wrap the error in an array.
        Ok(document) => of_document(status, document.get(0).unwrap_or(&document)),
        Err(_) => failed(classify::of_status(status), classify::foreign_body(status, body)),
    }
}

/// An error in place of a partial reply.
pub(super) fn in_stream(response: &Value) -> Failure {
    let status = json::count(response, "/error/code").and_then(|code| u16::try_from(code).ok());
    of_document(status.unwrap_or(500), response)
}

fn of_document(status: u16, document: &Value) -> Failure {
    let error = document.get("error").unwrap_or(document);
    let message =
        json::text(error, "/message").or(error.as_str()).unwrap_or("no message").to_string();
    let code = json::text(error, "/status");
    let detail =
        |field: &str| json::items(error, "/details").find_map(move |detail| detail.pointer(field));
    let reason = detail("/reason").and_then(Value::as_str);
    let per_day = json::items(error, "/details")
        .flat_map(|detail| json::items(detail, "/violations"))
        .filter_map(|violation| json::text(violation, "/quotaId"))
        .any(|quota| quota.contains("PerDay"));
    Failure {
        kind: kind(status, code, reason, per_day, &message),
        provider_code: reason.or(code).map(String::from),
        retry_after_ms: detail("/retryDelay").and_then(Value::as_str).and_then(delay_ms),
        pointer: pointer(&message),
        ..failed(FailureKind::Other, message)
    }
}

fn kind(
    status: u16,
    code: Option<&str>,
    reason: Option<&str>,
    per_day: bool,
    message: &str,
) -> FailureKind {
    // A bad key is a 400 here.
    if matches!(reason, Some("API_KEY_INVALID" | "API_KEY_EXPIRED"))
        || message.contains("API key not valid")
    {
        return FailureKind::Authentication;
    }
    if classify::is_overflow(message) {
        return FailureKind::ContextTooLong;
    }
    match code {
        // A limit per minute says when to come back; a plan that is used up says to look at it.
        Some("RESOURCE_EXHAUSTED")
            if per_day
                || (message.contains("plan and billing") && !message.contains("retry in")) =>
        {
            FailureKind::Billing
        }
        Some("RESOURCE_EXHAUSTED") => FailureKind::RateLimited,
        Some("NOT_FOUND") => FailureKind::ModelUnknown,
        Some("UNAUTHENTICATED") => FailureKind::Authentication,
        Some("PERMISSION_DENIED") => FailureKind::Permission,
        Some("FAILED_PRECONDITION") if status == 402 || message.contains("illing") => {
            FailureKind::Billing
        }
        Some("UNAVAILABLE") => FailureKind::Overloaded,
        Some("INTERNAL" | "DEADLINE_EXCEEDED") => FailureKind::Unavailable,
        _ => classify::of_status(status),
    }
}

/// `2s`, `0.5s`.
fn delay_ms(text: &str) -> Option<u64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (0.0..1e9).contains(&seconds).then_some((seconds * 1000.0) as u64)
}

fn pointer(message: &str) -> Option<String> {
    let part = [
        ("response_json_schema", "/output"),
        ("response_schema", "/output"),
        ("response_mime_type", "/output"),
        ("Function calling", "/tools"),
        ("function_declarations", "/tools"),
        ("thinking", "/reasoning"),
    ];
    part.iter().find(|(name, _)| message.contains(name)).map(|(_, pointer)| (*pointer).to_string())
}
