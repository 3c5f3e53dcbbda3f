//! Bedrock's errors: the kind in a header or in the event's name, the words in `message`.

use massgen_plugin_sdk::{
    Failure, FailureKind, HttpHead, classify, failure as failed, header, json,
};
use serde_json::Value;

/// What a status of 400 or above means.
pub fn failure(head: &HttpHead, body: &[u8]) -> Failure {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return failed(classify::of_status(head.status), classify::foreign_body(head.status, body));
    };
    // `ValidationException:http://…` in the header.
    let name = header(head, "x-amzn-errortype").or_else(|| json::text(&document, "/__type"));
    let name = name.unwrap_or_default().split(':').next().unwrap_or_default();
    let name = name.rsplit('#').next().unwrap_or_default();
    if name.is_empty() && words(&document).is_none() {
        // Not the service's own shape: a gateway between, whose words say more than none.
        return failed(classify::of_status(head.status), classify::foreign_body(head.status, body));
    }
    told(head.status, name, &document)
}

/// An exception within a stream.
pub(super) fn exception(name: &str, document: &Value) -> Failure {
    told(500, name, document)
}

/// The reply's own word for a conversation that does not fit.
pub(super) fn overflow() -> Failure {
    failed(FailureKind::ContextTooLong, "the conversation exceeds the model's context window")
}

fn told(status: u16, name: &str, document: &Value) -> Failure {
    let message = words(document).unwrap_or("no message").to_string();
    Failure {
        provider_code: (!name.is_empty()).then(|| name.to_string()),
        ..failed(kind(status, name, &message), message)
    }
}

fn words(document: &Value) -> Option<&str> {
    json::text(document, "/message").or_else(|| json::text(document, "/Message"))
}

fn kind(status: u16, name: &str, message: &str) -> FailureKind {
    let lower = message.to_ascii_lowercase();
    // Exceptions of a stream begin in lower case.
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
        _ => classify::of_status(status),
    }
}
