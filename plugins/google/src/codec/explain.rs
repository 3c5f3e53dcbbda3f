//! Explains Google's errors.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed, json};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<Value>(body) {
        // Some gateways wrap the error in an array.
        Ok(document) => from_document(status, document.get(0).unwrap_or(&document)),
        Err(_) => failed(classify::from_status(status), classify::body_excerpt(status, body)),
    }
}

/// Explains an error that replaces a partial reply.
pub(super) fn in_stream(response: &Value) -> Failure {
    let status = json::count(response, "/error/code").and_then(|code| u16::try_from(code).ok());
    from_document(status.unwrap_or(500), response)
}

fn from_document(status: u16, document: &Value) -> Failure {
    let error = document.get("error").unwrap_or(document);
    let message =
        json::text(error, "/message").or(error.as_str()).unwrap_or("no error message").to_string();
    let code = json::text(error, "/status");
    let detail =
        |field: &str| json::items(error, "/details").find_map(move |detail| detail.pointer(field));
    let reason = detail("/reason").and_then(Value::as_str);
    let per_day = json::items(error, "/details")
        .flat_map(|detail| json::items(detail, "/violations"))
        .filter_map(|violation| json::text(violation, "/quotaId"))
        .any(|quota| quota.contains("PerDay"));
    Failure {
        kind: Clues { status, code, reason, per_day, message: &message }.kind(),
        provider_code: reason.or(code).map(String::from),
        retry_after_ms: detail("/retryDelay").and_then(Value::as_str).and_then(delay_ms),
        pointer: pointer(&message),
        ..failed(FailureKind::Other, message)
    }
}

/// The parts of an error that determine its kind.
struct Clues<'a> {
    status: u16,
    code: Option<&'a str>,
    reason: Option<&'a str>,
    /// A daily quota is exhausted.
    per_day: bool,
    message: &'a str,
}

impl Clues<'_> {
    fn kind(&self) -> FailureKind {
        let Self { status, code, reason, per_day, message } = *self;
        // The service reports an invalid key with status 400.
        if matches!(reason, Some("API_KEY_INVALID" | "API_KEY_EXPIRED"))
            || message.contains("API key not valid")
        {
            return FailureKind::Authentication;
        }
        if classify::is_overflow(message) {
            return FailureKind::ContextTooLong;
        }
        match code {
            // The message names a delay for limits per minute, and the plan for exhausted quotas.
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
            _ => classify::from_status(status),
        }
    }
}

/// Parses a delay such as `2s` or `0.5s`.
fn delay_ms(text: &str) -> Option<u64> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    (0.0..1e9).contains(&seconds).then_some((seconds * 1000.0) as u64)
}

fn pointer(message: &str) -> Option<String> {
    let fields = [
        ("response_json_schema", "/output"),
        ("response_schema", "/output"),
        ("response_mime_type", "/output"),
        ("Function calling", "/tools"),
        ("function_declarations", "/tools"),
        ("thinking", "/reasoning"),
    ];
    fields
        .iter()
        .find(|(name, _)| message.contains(name))
        .map(|(_, pointer)| (*pointer).to_string())
}
