//! Explains Bedrock's errors: the kind is in a header or in the event's name, the text in `message`.

use massgen_plugin_sdk::{
    Failure, FailureKind, HttpHead, classify, failure as failed, header, json,
};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(head: &HttpHead, body: &[u8]) -> Failure {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return failed(
            classify::from_status(head.status),
            classify::body_excerpt(head.status, body),
        );
    };
    // `ValidationException:http://…` in the header.
    let name = header(head, "x-amzn-errortype").or_else(|| json::text(&document, "/__type"));
    let name = name.unwrap_or_default().split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default();
    if name.is_empty() && message(&document).is_none() {
        // Not the service's format; a gateway's own error is still worth showing.
        return failed(
            classify::from_status(head.status),
            classify::body_excerpt(head.status, body),
        );
    }
    named(head.status, name, &document)
}

/// Explains an exception of a stream.
pub(super) fn exception(name: &str, document: &Value) -> Failure {
    named(500, name, document)
}

/// Returns the failure for a conversation that is too long.
pub(super) fn overflow() -> Failure {
    failed(FailureKind::ContextTooLong, "the conversation exceeds the model's context window")
}

fn named(status: u16, name: &str, document: &Value) -> Failure {
    let message = message(document).unwrap_or("no error message").to_string();
    Failure {
        provider_code: (!name.is_empty()).then(|| name.to_string()),
        ..failed(kind(status, name, &message), message)
    }
}

fn message(document: &Value) -> Option<&str> {
    json::text(document, "/message").or_else(|| json::text(document, "/Message"))
}

fn kind(status: u16, name: &str, message: &str) -> FailureKind {
    let lower = message.to_ascii_lowercase();
    // Exception names in streams start in lower case.
    match name.to_ascii_lowercase().as_str() {
        "throttlingexception" if lower.contains("per day") => FailureKind::Billing,
        "throttlingexception" | "modelnotreadyexception" => FailureKind::RateLimited,
        "servicequotaexceededexception" => FailureKind::Billing,
        "serviceunavailableexception" => FailureKind::Overloaded,
        "internalserverexception"
        | "modelstreamerrorexception"
        | "modeltimeoutexception"
        | "modelerrorexception" => FailureKind::Unavailable,
        "resourcenotfoundexception" => FailureKind::ModelUnknown,
        "accessdeniedexception"
        | "unrecognizedclientexception"
        | "expiredtokenexception"
        | "invalidsignatureexception"
        | "missingauthenticationtokenexception"
            if [
                "authentication failed",
                "security token",
                "signature",
                "expired",
                "missing auth",
            ]
            .iter()
            .any(|words| lower.contains(words)) =>
        {
            FailureKind::Authentication
        }
        "accessdeniedexception" => FailureKind::Permission,
        "validationexception" if classify::is_overflow(message) || lower.contains("too long") => {
            FailureKind::ContextTooLong
        }
        "validationexception" if lower.contains("model identifier") => FailureKind::ModelUnknown,
        "validationexception" => FailureKind::InvalidRequest,
        _ => classify::from_status(status),
    }
}
