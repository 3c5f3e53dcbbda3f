//! Replies that nobody should send. Every run tries the same ones, so that a finding can be repeated.

use massgen_runtime::rehearsal::Ending;
use serde_json::{Value, json};

use super::bodies::{self, Style};
use super::subject::Subject;
use crate::report::{Verdict, failed, shorten};

const RUNS: usize = 150;

/// Numbers that look random and are the same every time (xorshift64*).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to `end` - 1; 0 if there is nothing to choose.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        if end == 0 { 0 } else { number as usize % end }
    }
}

pub(super) fn fuzz(subject: &Subject<'_>) -> Verdict {
    let runs = RUNS + subject.options.fuzz_runs;
    let mut inputs = 0;
    for seed in 0..runs {
        let mut dice = Dice::new(seed as u64 + 1);
        if let Some(tape) = subject.tapes.get(seed % subject.tapes.len().max(1)) {
            let at = dice.below(tape.replies.len());
            let body = match bodies::parse(tape.shape(at), &tape.body(at)) {
                Some(pieces) if dice.below(2) == 0 => {
                    let changed = bodies::map(&pieces, |value| {
                        if dice.below(3) == 0 {
                            spoil(value, &mut dice);
                        }
                    });
                    bodies::print(tape.shape(at), &changed, Style::default())
                }
                _ => break_bytes(tape.body(at), &mut dice),
            };
            inputs += 1;
            let now = tape.with(subject, at, tape.reply(at, body.clone()));
            if let Ending::Crashed(why) = now.ending {
                let around = difference(&tape.body(at), &body);
                return tape.failed(&format!("mutation {seed}: {around}"), why);
            }
        }
        let body =
            break_bytes(br#"{"error":{"message":"no","type":"x","code":1}}"#.to_vec(), &mut dice);
        inputs += 1;
        if let Err(crash) = subject.plugin.rehearse_explain(400, &[], &body) {
            return failed(format!("status 400 with {}", String::from_utf8_lossy(&body)), crash);
        }
    }
    Verdict::Passed { inputs }
}

/// Where two bodies part.
fn difference(was: &[u8], is: &[u8]) -> String {
    let at = was.iter().zip(is).take_while(|(a, b)| a == b).count();
    let from = at.saturating_sub(60);
    let shown = String::from_utf8_lossy(&is[from..is.len().min(at + 120)]).into_owned();
    format!("from byte {at}: {}", shorten(&shown, 200))
}

/// Replaces one value of a document by one that does not belong there.
fn spoil(value: &mut Value, dice: &mut Dice) {
    let strange = [
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
    let deeper = dice.below(4) != 0;
    match value {
        Value::Object(object) if deeper && !object.is_empty() => {
            let at = dice.below(object.len());
            if let Some((_, inner)) = object.iter_mut().nth(at) {
                spoil(inner, dice);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = dice.below(items.len());
            spoil(&mut items[at], dice);
        }
        _ => *value = strange[dice.below(strange.len())].clone(),
    }
}

fn break_bytes(mut body: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let from = dice.below(body.len());
        let to = (from + 1 + dice.below(40)).min(body.len());
        match dice.below(5) {
            0 if !body.is_empty() => body[from] ^= 1 << dice.below(8),
            1 => drop(body.drain(from..to)),
            2 => {
                let again = body[from..to].to_vec();
                body.splice(from..from, again);
            }
            3 => {
                let noise: Vec<u8> = (0..dice.below(12)).map(|_| dice.below(256) as u8).collect();
                body.splice(from..from, noise);
            }
            _ => body.truncate(to),
        }
    }
    body
}
