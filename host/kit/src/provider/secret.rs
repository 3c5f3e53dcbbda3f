//! Check that a key echoed by the service, in any common encoding, never reaches the guest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use massgen_runtime::Secret;
use massgen_runtime::rehearsal::{Recorded, Stage};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::ask::Trial;
use super::bodies::{self, Style};
use super::subject::Subject;
use crate::report::{Verdict, failed};

const SENTINEL: &str = "massgen-sentinel+key/42\"\\=end";

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

/// Returns the encodings in which a service may echo the key: a description and the encoded key.
fn encodings() -> Vec<(&'static str, String)> {
    let percent = utf8_percent_encode(SENTINEL, ESCAPED).to_string();
    // The key has no upper-case letters, so only the escapes change.
    let percent_lower = percent.to_ascii_lowercase();
    let quoted = Value::from(SENTINEL).to_string();
    let mut encodings = vec![
        ("verbatim", SENTINEL.to_string()),
        ("percent-encoded", percent),
        ("percent-encoded in lower case", percent_lower),
        ("JSON-escaped", quoted[1..quoted.len() - 1].to_string()),
        ("in hex", SENTINEL.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ("in upper-case hex", SENTINEL.bytes().map(|byte| format!("{byte:02X}")).collect()),
    ];
    for (name, before) in [
        ("in base64", ""),
        ("in base64 after one byte", "x"),
        ("in base64 after two bytes", "xy"),
        ("in basic authentication", "user:"),
    ] {
        encodings.push((name, STANDARD_NO_PAD.encode(format!("{before}{SENTINEL}"))));
    }
    encodings
}

/// Returns whether bytes contain the middle third of an encoded key.
fn leaks(bytes: &[u8], encoded: &str) -> bool {
    let part = &encoded.as_bytes()[encoded.len() / 3..encoded.len() * 2 / 3];
    bytes.windows(part.len()).any(|window| window == part)
}

pub(super) fn secret(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for (encoding, key) in encodings() {
        let echo = |reply: &Recorded| {
            let mut reply = reply.clone();
            reply.headers.push(("x-echo".into(), key.clone()));
            reply
        };
        let error = Trial {
            name: "an error reply".into(),
            stage: subject.stage(),
            request: subject.ask("hello"),
        };
        let mut plays = vec![(
            error,
            vec![echo(&Recorded {
                status: 401,
                reads: vec![
                    format!(r#"{{"error":{{"message":{}}}}}"#, Value::from(key.as_str()))
                        .into_bytes(),
                ],
                complete: true,
                ..Recorded::default()
            })],
        )];
        for tape in &subject.tapes {
            let mut replies = Vec::new();
            for (at, reply) in tape.replies.iter().enumerate() {
                let shape = tape.shape(at);
                let body = match bodies::parse(shape, &tape.body(at)) {
                    Some(pieces) => {
                        let echoing = bodies::map(&pieces, |value| {
                            bodies::objects(value, "", &mut |_, object| {
                                object.insert("massgen_echo".into(), key.clone().into());
                            });
                        });
                        bodies::print(shape, &echoing, Style::default())
                    }
                    None => tape.body(at),
                };
                replies.push(echo(&Recorded { reads: vec![body], ..reply.clone() }));
            }
            plays.push((Trial::of_tape(tape), replies));
        }
        for (Trial { name, stage, request }, replies) in plays {
            inputs += 1;
            let stage = Stage { credential: Some(Secret::new(SENTINEL)), ..stage };
            let done = subject.play(&stage, &request, &replies);
            if let Some(bytes) = done.crossed.iter().find(|bytes| leaks(bytes, &key)) {
                return failed(
                    format!("{name}: a key echoed {encoding}"),
                    format!("the guest receives {}", String::from_utf8_lossy(bytes)),
                );
            }
        }
    }
    Verdict::Passed { inputs }
}
