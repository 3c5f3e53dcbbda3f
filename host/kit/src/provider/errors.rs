//! What a plugin says of refusals of its service.

use massgen_models::failure::FailureKind;

use super::subject::Subject;
use crate::report::{Verdict, failed};

const WORDS: &str = "massgen says no";

/// Kinds after which the host tries again: wrong where trying again can't help.
const PASSING: &[FailureKind] =
    &[FailureKind::RateLimited, FailureKind::Overloaded, FailureKind::Unavailable];

/// What a status may mean.
fn fits(status: u16, kind: FailureKind) -> bool {
    use FailureKind as K;
    match status {
        401 => matches!(kind, K::Authentication | K::Permission),
        402 => matches!(kind, K::Billing),
        429 => matches!(kind, K::RateLimited | K::Billing | K::Overloaded),
        500 => matches!(kind, K::Unavailable | K::Overloaded | K::Other),
        502..=599 => PASSING.contains(&kind),
        _ => !PASSING.contains(&kind) && kind != K::Authentication || status == 403,
    }
}

/// Bodies of services, of proxies, and of nobody.
fn bodies() -> Vec<(&'static str, Vec<u8>, bool)> {
    let text = |text: String| text.into_bytes();
    vec![
        (
            "JSON",
            text(format!(
                r#"{{"error":{{"message":"{WORDS}","type":"massgen","code":"massgen"}}}}"#
            )),
            true,
        ),
        (
            "JSON with nulls",
            text(format!(
                r#"{{"error":{{"message":"{WORDS}","type":null,"code":null,"param":null}}}}"#
            )),
            true,
        ),
        ("JSON of another shape", text(r#"[{"error":[1]}]"#.into()), false),
        ("the JSON null", text("null".into()), false),
        ("HTML", text(format!("<html>\n<body>{WORDS}</body>\n</html>")), true),
        ("nothing", Vec::new(), false),
        ("bytes that are not UTF-8", vec![0xff, 0xfe, 0, b'x', 0xc3], false),
        ("a cut JSON document", text(r#"{"error":{"message":"mass"#.into()), false),
    ]
}

pub(super) fn errors(subject: &Subject<'_>) -> Verdict {
    let headers = |kind: &str| {
        let kind = if kind.starts_with("JSON") { "application/json" } else { "text/html" };
        vec![("content-type".to_string(), kind.to_string()), ("retry-after".into(), "7".into())]
    };
    let mut inputs = 0;
    for status in [400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503, 529] {
        for (kind, body, speaks) in bodies() {
            inputs += 1;
            let input = format!("status {status} with {kind}: {}", String::from_utf8_lossy(&body));
            let failure = match subject.plugin.rehearse_explain(status, &headers(kind), &body) {
                Ok(failure) => failure,
                Err(crash) => return failed(input, crash),
            };
            if !fits(status, failure.kind) {
                return failed(input, format!("the kind is {:?}", failure.kind));
            }
            if failure.message.trim().is_empty() {
                return failed(input, "the message is empty");
            }
            if failure.message.contains('\n') || failure.message.chars().count() > 4_096 {
                return failed(input, "the message is not one line of at most 4096 characters");
            }
            if speaks && !failure.message.contains(WORDS) {
                return failed(
                    input,
                    format!("the service's words are lost: {:?}", failure.message),
                );
            }
        }
    }
    Verdict::Passed { inputs }
}
