//! Explains Ollama's errors, which consist of a text.

use massgen_plugin_sdk::{Failure, FailureKind, classify, failure as failed};
use serde_json::Value;

/// Explains a reply with a status of 400 or above.
pub fn failure(status: u16, body: &[u8]) -> Failure {
    match serde_json::from_slice::<Value>(body) {
        Ok(document) => {
            let text = text(document.get("error").unwrap_or(&document));
            Failure { pointer: pointer(&text), ..failed(kind(status, &text), text) }
        }
        Err(_) => failed(classify::from_status(status), classify::body_excerpt(status, body)),
    }
}

/// Explains an error in the middle of a reply.
pub(super) fn in_stream(error: &Value) -> Failure {
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
        status => classify::from_status(status),
    }
}

/// Returns a pointer to the part of the request that the text names, as in `"x" does not support tools`.
fn pointer(text: &str) -> Option<String> {
    [("support tools", "/tools"), ("support thinking", "/reasoning"), ("think value", "/reasoning")]
        .iter()
        .find(|(words, _)| text.contains(words))
        .map(|(_, to)| (*to).to_string())
}
