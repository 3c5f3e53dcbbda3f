//! Check of the companion that asks a service for token counts.

use massgen_models::failure::FailureKind;
use massgen_runtime::Framing;
use massgen_runtime::rehearsal::Counting;

use super::ask::{Trial, later, trials};
use super::subject::Subject;
use crate::report::{Verdict, failed};

/// Replies without a count.
const WITHOUT_COUNT: &[(&str, &[u8])] = &[
    ("an empty body", b""),
    ("an empty object", b"{}"),
    ("the JSON null", b"null"),
    ("an empty array", b"[]"),
    ("a truncated JSON document", b"{\"input_tokens\": 12"),
    ("HTML", b"<html><body>12 tokens</body></html>"),
    ("bytes that are not UTF-8", &[0xff, 0xfe, 0, b'1', 0xc3]),
];

pub(super) fn count(subject: &Subject<'_>) -> Verdict {
    let trials = trials(subject);
    let mut asked = 0;
    for Trial { name, stage, request } in &trials {
        let count = |stage| match subject.plugin.rehearse_count(stage, request) {
            Ok(counting) => counting,
            Err(error) => Counting::Refused(error.to_string()),
        };
        let first = count(stage);
        match &first {
            Counting::Absent => return untried("the plugin has no companion `token-counter`"),
            Counting::Failed(failure) if failure.kind == FailureKind::Unsupported => continue,
            Counting::Failed(failure) => return failed(name, failure.to_string()),
            Counting::Refused(why) | Counting::Crashed(why) => return failed(name, why),
            Counting::Asked(sent) if sent.framing != Framing::Whole => {
                return failed(
                    name,
                    "the request asks for a framed reply; a count needs framing `whole`",
                );
            }
            Counting::Asked(_) => asked += 1,
        }
        if count(&later(stage)) != first {
            return failed(name, "the token count request depends on the clock");
        }
    }
    if asked == 0 {
        return untried("the service does not count tokens");
    }
    for (name, body) in WITHOUT_COUNT {
        match subject.plugin.rehearse_counted(body) {
            Ok(Err(_)) => {}
            Ok(Ok(tokens)) => return failed(*name, format!("the plugin returned {tokens} tokens")),
            Err(crash) => return failed(*name, crash),
        }
    }
    Verdict::Passed { inputs: asked + WITHOUT_COUNT.len() }
}

fn untried(why: &str) -> Verdict {
    Verdict::Untried { why: why.into() }
}
