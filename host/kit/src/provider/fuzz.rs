//! Check with malformed replies. Every run tries the same ones, so that a failure can be reproduced.

use fastrand::Rng;
use massgen_runtime::rehearsal::Ending;
use serde_json::{Value, json};

use super::bodies::{self, Style};
use super::subject::Subject;
use crate::report::{Verdict, failed, shorten};

const RUNS: usize = 150;

/// Returns a number below `end`, or 0 if `end` is 0.
pub(super) fn below(rng: &mut Rng, end: usize) -> usize {
    if end == 0 { 0 } else { rng.usize(..end) }
}

pub(super) fn fuzz(subject: &Subject<'_>) -> Verdict {
    let runs = RUNS + subject.options.fuzz_runs;
    let mut inputs = 0;
    for seed in 0..runs {
        let mut rng = Rng::with_seed(seed as u64 + 1);
        if let Some(tape) = subject.tapes.get(seed % subject.tapes.len().max(1)) {
            let at = below(&mut rng, tape.replies.len());
            let body = match bodies::parse(tape.shape(at), &tape.body(at)) {
                Some(pieces) if below(&mut rng, 2) == 0 => {
                    let changed = bodies::map(&pieces, |value| {
                        if below(&mut rng, 3) == 0 {
                            spoil(value, &mut rng);
                        }
                    });
                    bodies::print(tape.shape(at), &changed, Style::default())
                }
                _ => break_bytes(tape.body(at), &mut rng),
            };
            inputs += 1;
            let now = tape.with(subject, at, tape.reply(at, body.clone()));
            if let Ending::Crashed(why) = now.ending {
                let around = difference(&tape.body(at), &body);
                return tape.failed(&format!("mutation {seed}: {around}"), why);
            }
        }
        let body =
            break_bytes(br#"{"error":{"message":"no","type":"x","code":1}}"#.to_vec(), &mut rng);
        inputs += 1;
        if let Err(crash) = subject.plugin.rehearse_explain(400, &[], &body) {
            return failed(
                format!("status 400 with the body {}", String::from_utf8_lossy(&body)),
                crash,
            );
        }
    }
    Verdict::Passed { inputs }
}

/// Shows where two bodies begin to differ.
fn difference(was: &[u8], is: &[u8]) -> String {
    let at = was.iter().zip(is).take_while(|(a, b)| a == b).count();
    let from = at.saturating_sub(60);
    let shown = String::from_utf8_lossy(&is[from..is.len().min(at + 120)]).into_owned();
    format!("from byte {at}: {}", shorten(&shown, 200))
}

/// Replaces one value of a document with an unexpected one.
fn spoil(value: &mut Value, rng: &mut Rng) {
    let unexpected = [
        json!(null),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!([]),
        json!({}),
        json!([[[[]]]]),
        json!("\u{0}\u{202e}"),
        json!(true),
        json!({"type": 7}),
        json!("[DONE]"),
    ];
    let deeper = below(rng, 4) != 0;
    match value {
        Value::Object(object) if deeper && !object.is_empty() => {
            let at = below(rng, object.len());
            if let Some((_, inner)) = object.iter_mut().nth(at) {
                spoil(inner, rng);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = below(rng, items.len());
            spoil(&mut items[at], rng);
        }
        _ => *value = unexpected[below(rng, unexpected.len())].clone(),
    }
}

fn break_bytes(mut body: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    for _ in 0..=below(rng, 4) {
        let from = below(rng, body.len());
        let to = (from + 1 + below(rng, 40)).min(body.len());
        match below(rng, 5) {
            0 if !body.is_empty() => body[from] ^= 1 << below(rng, 8),
            1 => drop(body.drain(from..to)),
            2 => {
                let again = body[from..to].to_vec();
                body.splice(from..from, again);
            }
            3 => {
                let noise: Vec<u8> = (0..below(rng, 12)).map(|_| below(rng, 256) as u8).collect();
                body.splice(from..from, noise);
            }
            _ => body.truncate(to),
        }
    }
    body
}
