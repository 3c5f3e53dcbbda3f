//! The companion that has a service count tokens.

use massgen_models::failure::FailureKind;
use massgen_runtime::Framing;
use massgen_runtime::rehearsal::Counting;

use super::ask::{later, requests};
use super::subject::Subject;
use crate::report::{Verdict, failed};

/// Replies that tell no count.
const EMPTY: &[(&str, &[u8])] = &[
    ("nothing", b""),
    ("an empty object", b"{}"),
    ("the JSON null", b"null"),
    ("an empty list", b"[]"),
    ("a cut JSON document", b"{\"input_tokens\": 12"),
    ("HTML", b"<html><body>12 tokens</body></html>"),
    ("bytes that are not UTF-8", &[0xff, 0xfe, 0, b'1', 0xc3]),
];

pub(super) fn count(subject: &Subject<'_>) -> Verdict {
    let requests = requests(subject);
    let mut asked = 0;
    for (name, stage, request) in &requests {
        let count = |stage| match subject.plugin.rehearse_count(stage, request) {
            Ok(counting) => counting,
            Err(error) => Counting::Refused(error.to_string()),
        };
        let first = count(stage);
        match &first {
            Counting::Absent => return untried("it has no companion `token-counter`"),
            Counting::Failed(failure) if failure.kind == FailureKind::Unsupported => continue,
            Counting::Failed(failure) => return failed(name, failure.to_string()),
            Counting::Refused(why) | Counting::Crashed(why) => return failed(name, why),
            Counting::Asked(sent) if sent.framing != Framing::Whole => {
                return failed(name, "the count is to be read in pieces");
            }
            Counting::Asked(_) => asked += 1,
        }
        if count(&later(stage)) != first {
            return failed(name, "the request for a count depends on the clock");
        }
    }
    if asked == 0 {
        return untried("its service counts no tokens");
    }
    for (what, body) in EMPTY {
        match subject.plugin.rehearse_counted(body) {
            Ok(Err(_)) => {}
            Ok(Ok(tokens)) => return failed(*what, format!("{tokens} tokens were read in it")),
            Err(crash) => return failed(*what, crash),
        }
    }
    Verdict::Passed { inputs: asked + EMPTY.len() }
}

fn untried(why: &str) -> Verdict {
    Verdict::Untried { why: why.into() }
}
