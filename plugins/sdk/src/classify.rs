//! What errors of LLM services have in common.

use crate::FailureKind;

/// Words of services for a prompt that does not fit, in lower case.
const OVERFLOW: &[&str] = &[
    "prompt is too long",
    "input is too long for requested model",
    "exceeds the context window",
    "exceeds the maximum number of tokens",
    "maximum context length",
    "maximum prompt length",
    "reduce the length of the messages",
    "context_length_exceeded",
    "exceed_context_size",
    "exceeds the available context size",
    "greater than the context length",
];

/// Whether a message says that the prompt does not fit.
pub fn is_overflow(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    OVERFLOW.iter().any(|words| message.contains(words))
}

/// What a status means when the body says nothing better.
pub fn of_status(status: u16) -> FailureKind {
    match status {
        401 => FailureKind::Authentication,
        402 => FailureKind::Billing,
        403 => FailureKind::Permission,
        404 => FailureKind::ModelUnknown,
        413 => FailureKind::ContextTooLong,
        400 | 409 | 422 => FailureKind::InvalidRequest,
        429 => FailureKind::RateLimited,
        529 => FailureKind::Overloaded,
        408 | 500.. => FailureKind::Unavailable,
        _ => FailureKind::Other,
    }
}

/// A line for people out of a body that is not the service's JSON: a proxy's page, or nothing.
pub fn foreign_body(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let shown: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    if shown.is_empty() {
        format!("status {status} without a message")
    } else {
        format!("status {status}: {shown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflows() {
        assert!(is_overflow("prompt is too long: 250000 tokens > 200000 maximum"));
        assert!(is_overflow(
            "The input token count (12) exceeds the maximum number of tokens allowed (1)."
        ));
        assert!(!is_overflow("Too many tokens, please wait before trying again."));
    }

    #[test]
    fn foreign_bodies_become_one_line() {
        assert_eq!(
            foreign_body(502, b"<html>\n<b>Bad\n gateway</b>"),
            "status 502: <html> <b>Bad gateway</b>"
        );
        assert_eq!(foreign_body(500, b""), "status 500 without a message");
    }
}
