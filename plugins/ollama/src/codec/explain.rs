//! Ollama's errors: one text.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed};
use serde_json::Value;

/// What a status of 400 or above means.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => {
            let text = text(document.get("error").unwrap_or(&document));
            Failure { pointer: pointer(&text), ..failed(kind(status, &text), text) }
        }
        Err(_) => failed(classify::of_status(status), classify::foreign_body(status, body)),
    }
}

/// An error line within a reply that began well.
pub(super) fn within(error: &Value) -> Failure {
    let text = text(error);
    failed(kind(500, &text), text)
}

fn text(error: &Value) -> String {
    let inner = error.get("message").unwrap_or(error);
    inner.as_str().map_or_else(|| inner.to_string(), String::from)
}

fn kind(status: u16, text: &str) -> FailureKind {
    let lower = text.to_ascii_lowercase();
    match status {
        404 => FailureKind::ModelUnknown,
        _ if classify::is_overflow(text) || lower.contains("exceeds the context length") => {
            FailureKind::ContextTooLong
        }
        _ if lower.contains("does not support") => FailureKind::InvalidRequest,
        503 => FailureKind::Overloaded,
        status => classify::of_status(status),
    }
}

/// `"x" does not support tools` and its like.
fn pointer(text: &str) -> Option<String> {
    [("support tools", "/tools"), ("support thinking", "/reasoning"), ("think value", "/reasoning")]
        .iter()
        .find(|(words, _)| text.contains(words))
        .map(|(_, to)| (*to).to_string())
}
