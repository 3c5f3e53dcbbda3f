//! Classification of errors that LLM services have in common.

use crate::FailureKind;

/// Phrases in error messages about prompts that are too long, in lower case.
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

/// Returns whether an error message says that the prompt is too long.
pub fn is_overflow(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    OVERFLOW.iter().any(|words| message.contains(words))
}

/// Classifies a status whose body has no better information.
pub fn from_status(status: u16) -> FailureKind {
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

/// Returns a one-line message for a body that is not the service's JSON, such as a proxy's error page.
pub fn body_excerpt(status: u16, body: &[u8]) -> String {
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
    fn excerpts_are_one_line() {
        assert_eq!(
            body_excerpt(502, b"<html>\n<b>Bad\n gateway</b>"),
            "status 502: <html> <b>Bad gateway</b>"
        );
        assert_eq!(body_excerpt(500, b""), "status 500 without a message");
    }
}
