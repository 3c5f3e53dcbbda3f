//! Check of how a plugin explains error replies.

use massgen_models::failure::FailureKind;

use super::subject::Subject;
use crate::report::{Verdict, failed};

const MESSAGE: &str = "massgen says no";

/// Kinds that the host retries. They are wrong where a retry cannot help.
const TRANSIENT: &[FailureKind] =
    &[FailureKind::RateLimited, FailureKind::Overloaded, FailureKind::Unavailable];

/// Returns whether a kind of failure is plausible for a status.
fn fits(status: u16, kind: FailureKind) -> bool {
    use FailureKind as K;
    match status {
        401 => matches!(kind, K::Authentication | K::Permission),
        402 => matches!(kind, K::Billing),
        429 => matches!(kind, K::RateLimited | K::Billing | K::Overloaded),
        500 => matches!(kind, K::Unavailable | K::Overloaded | K::Other),
        502..=599 => TRANSIENT.contains(&kind),
        _ => !TRANSIENT.contains(&kind) && kind != K::Authentication || status == 403,
    }
}

/// The body of an error reply.
struct ErrorBody {
    /// Shown in failures.
    name: &'static str,
    bytes: Vec<u8>,
    /// The body contains [`MESSAGE`], which must not be lost.
    has_message: bool,
}

/// Returns error bodies as services and proxies send them, and malformed ones.
fn bodies() -> Vec<ErrorBody> {
    let body =
        |name, text: String| ErrorBody { name, bytes: text.into_bytes(), has_message: false };
    let with_message =
        |name, text: String| ErrorBody { name, bytes: text.into_bytes(), has_message: true };
    vec![
        with_message(
            "JSON",
            format!(r#"{{"error":{{"message":"{MESSAGE}","type":"massgen","code":"massgen"}}}}"#),
        ),
        with_message(
            "JSON with nulls",
            format!(
                r#"{{"error":{{"message":"{MESSAGE}","type":null,"code":null,"param":null}}}}"#
            ),
        ),
        body("JSON of another structure", r#"[{"error":[1]}]"#.into()),
        body("the JSON null", "null".into()),
        with_message("HTML", format!("<html>\n<body>{MESSAGE}</body>\n</html>")),
        body("an empty body", String::new()),
        ErrorBody {
            name: "bytes that are not UTF-8",
            bytes: vec![0xff, 0xfe, 0, b'x', 0xc3],
            has_message: false,
        },
        body("a truncated JSON document", r#"{"error":{"message":"mass"#.into()),
    ]
}

pub(super) fn errors(subject: &Subject<'_>) -> Verdict {
    let headers = |name: &str| {
        let media = if name.starts_with("JSON") { "application/json" } else { "text/html" };
        vec![("content-type".to_string(), media.to_string()), ("retry-after".into(), "7".into())]
    };
    let mut inputs = 0;
    for status in [400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503, 529] {
        for ErrorBody { name, bytes, has_message } in bodies() {
            inputs += 1;
            let input = format!("status {status} with {name}: {}", String::from_utf8_lossy(&bytes));
            let failure = match subject.plugin.rehearse_explain(status, &headers(name), &bytes) {
                Ok(failure) => failure,
                Err(crash) => return failed(input, crash),
            };
            if !fits(status, failure.kind) {
                return failed(
                    input,
                    format!("the failure has the unexpected kind {:?}", failure.kind),
                );
            }
            if failure.message.trim().is_empty() {
                return failed(input, "the message is empty");
            }
            if failure.message.contains('\n') || failure.message.chars().count() > 4_096 {
                return failed(input, "the message is longer than one line or 4096 characters");
            }
            if has_message && !failure.message.contains(MESSAGE) {
                return failed(
                    input,
                    format!("the service's message is lost: {:?}", failure.message),
                );
            }
        }
    }
    Verdict::Passed { inputs }
}
