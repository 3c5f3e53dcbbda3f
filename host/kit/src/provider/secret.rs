//! A key that a service echoes, in every form there is, never reaches the guest.

use massgen_runtime::Secret;
use massgen_runtime::rehearsal::{Recorded, Stage};
use serde_json::Value;

use super::bodies::{self, Style};
use super::subject::Subject;
use crate::report::{Verdict, failed};

const SENTINEL: &str = "massgen-sentinel+key/42\"\\=end";

/// The forms in which a key may come back.
fn forms() -> Vec<(&'static str, String)> {
    let percent = |upper: bool| -> String {
        SENTINEL
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
                _ if upper => format!("%{byte:02X}"),
                _ => format!("%{byte:02x}"),
            })
            .collect()
    };
    let quoted = Value::from(SENTINEL).to_string();
    let mut forms = vec![
        ("as it is", SENTINEL.to_string()),
        ("percent-encoded", percent(true)),
        ("percent-encoded in lower case", percent(false)),
        ("escaped in JSON", quoted[1..quoted.len() - 1].to_string()),
        ("in hex", SENTINEL.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ("in upper-case hex", SENTINEL.bytes().map(|byte| format!("{byte:02X}")).collect()),
    ];
    for (name, before) in [
        ("in base64", ""),
        ("in base64 after one byte", "x"),
        ("in base64 after two bytes", "xy"),
        ("as basic authentication", "user:"),
    ] {
        forms.push((name, base64(&format!("{before}{SENTINEL}"))));
    }
    forms
}

fn base64(text: &str) -> String {
    const TABLE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            encoded.push(char::from(TABLE[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    encoded
}

/// Whether bytes give a key away: a third of it in a row is enough.
fn gives_away(bytes: &[u8], form: &str) -> bool {
    let part = &form.as_bytes()[form.len() / 3..form.len() * 2 / 3];
    bytes.windows(part.len()).any(|window| window == part)
}

pub(super) fn secret(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for (name, form) in forms() {
        let echo = |reply: &Recorded| {
            let mut reply = reply.clone();
            reply.headers.push(("x-echo".into(), form.clone()));
            reply
        };
        let mut plays = vec![(
            "a refusal".to_string(),
            subject.stage(),
            subject.ask("hello"),
            vec![echo(&Recorded {
                status: 401,
                reads: vec![
                    format!(r#"{{"error":{{"message":{}}}}}"#, Value::from(form.as_str()))
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
                        let told = bodies::map(&pieces, |value| {
                            bodies::objects(value, "", &mut |_, object| {
                                object.insert("massgen_echo".into(), form.clone().into());
                            });
                        });
                        bodies::print(shape, &told, Style::default())
                    }
                    None => tape.body(at),
                };
                replies.push(echo(&Recorded { reads: vec![body], ..reply.clone() }));
            }
            plays.push((tape.name.clone(), tape.stage.clone(), tape.request.clone(), replies));
        }
        for (tape, stage, request, replies) in plays {
            inputs += 1;
            let stage = Stage { credential: Some(Secret::new(SENTINEL)), ..stage };
            let done = subject.play(&stage, &request, &replies);
            if let Some(bytes) = done.crossed.iter().find(|bytes| gives_away(bytes, &form)) {
                return failed(
                    format!("{tape}: a key that comes back {name}"),
                    format!("it reaches the guest: {}", String::from_utf8_lossy(bytes)),
                );
            }
        }
    }
    Verdict::Passed { inputs }
}
