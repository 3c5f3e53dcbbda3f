//! Checks with replies as networks and services change them: split, framed differently, with new content.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use massgen_runtime::Framing;
use massgen_runtime::rehearsal::{Ending, Recorded, Rehearsed, frames};
use serde_json::{Value, json};

use super::bodies::Shape;
use super::bodies::{self, Data, Piece, Style};
use super::fuzz::below;
use super::subject::{Subject, Tape, ending, essence};
use crate::report::{Verdict, shorten};

/// Single splits are tried in the first bytes of a body only.
const CUTS_BYTES_MAX: usize = 4 << 10;
const PARTITIONS: usize = 200;
/// Maximum number of single splits for framing `raw`, where every split reaches the plugin.
const RAW_CUTS_MAX: usize = 150;

/// Plays each reply of each exchange in the forms that `forms` returns, each with a name. Every form must give the
/// recorded result.
fn each(
    subject: &Subject<'_>,
    forms: impl Fn(Shape, &[Piece]) -> Vec<(String, Vec<u8>)>,
) -> Verdict {
    let mut inputs = 0;
    for tape in &subject.tapes {
        for at in 0..tape.replies.len() {
            let shape = tape.shape(at);
            let Some(pieces) = bodies::parse(shape, &tape.body(at)) else { continue };
            for (name, body) in forms(shape, &pieces) {
                inputs += 1;
                let now = tape.with(subject, at, tape.reply(at, body));
                if let Some(difference) = tape.differs(&now) {
                    return tape.failed(&name, difference);
                }
            }
        }
    }
    match inputs {
        0 if subject.tapes.is_empty() => subject.no_tapes(),
        0 => Verdict::Untried { why: "no cassette has a reply that this check can vary".into() },
        inputs => Verdict::Passed { inputs },
    }
}

pub(super) fn split(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for tape in &subject.tapes {
        for at in 0..tape.replies.len() {
            let framing = tape.framing(at);
            let body = tape.body(at);
            let mut seen = BTreeSet::new();
            for (name, reads) in partitions(&body, framing) {
                inputs += 1;
                let reply = Recorded { reads, ..tape.replies[at].clone() };
                // Splits that reach the plugin as the same groups of frames are one input.
                let grouping: Vec<String> = frames(framing, &reply)
                    .unwrap_or_default()
                    .iter()
                    .map(|group| {
                        if framing == Framing::Raw {
                            format!("{group:?}")
                        } else {
                            group.len().to_string()
                        }
                    })
                    .collect();
                if !seen.insert(grouping) {
                    continue;
                }
                let now = tape.with(subject, at, reply);
                if let Some(difference) = tape.differs(&now) {
                    return tape.failed(&name, difference);
                }
            }
        }
    }
    match inputs {
        0 => subject.no_tapes(),
        inputs => Verdict::Passed { inputs },
    }
}

type Partition = (String, Vec<Vec<u8>>);

fn partitions(body: &[u8], framing: Framing) -> Vec<Partition> {
    let mut all: Vec<Partition> =
        vec![("one byte per read".into(), body.iter().map(|byte| vec![*byte]).collect())];
    let cuts = body.len().min(CUTS_BYTES_MAX);
    let stride = if framing == Framing::Raw { cuts.div_ceil(RAW_CUTS_MAX).max(1) } else { 1 };
    for cut in (1..cuts).step_by(stride) {
        all.push((
            format!("split after byte {cut}"),
            vec![body[..cut].to_vec(), body[cut..].to_vec()],
        ));
    }
    let mut rng = Rng::with_seed(7);
    for number in 0..PARTITIONS {
        let (mut reads, mut rest) = (Vec::new(), body);
        while !rest.is_empty() {
            let (read, after) = rest.split_at(1 + below(&mut rng, rest.len().min(400)));
            reads.push(read.to_vec());
            rest = after;
        }
        all.push((format!("random split {number}"), reads));
    }
    all
}

pub(super) fn sse(subject: &Subject<'_>) -> Verdict {
    each(subject, |shape, pieces| {
        if !shape.has_lines() {
            return Vec::new();
        }
        let plain = Style::default();
        let of = |style: Style| bodies::print(shape, pieces, style);
        let mut forms = vec![
            ("lines ending in CR LF".to_string(), of(Style { line_end: "\r\n", ..plain })),
            ("no empty line after the last event".into(), of(Style { last_blank: false, ..plain })),
        ];
        if shape == Shape::Sse {
            let mut marked = b"\xef\xbb\xbf".to_vec();
            marked.extend(of(plain));
            let ping = Piece { event: None, data: Data::Comment(": keep-alive".into()) };
            let mut pinged = vec![ping.clone()];
            pieces.iter().for_each(|piece| pinged.extend([piece.clone(), ping.clone()]));
            forms.extend([
                ("lines ending in CR".to_string(), of(Style { line_end: "\r", ..plain })),
                ("a byte order mark".into(), marked),
                ("data on several lines".into(), of(Style { broken_lines: true, ..plain })),
                ("keep-alives between events".into(), bodies::print(shape, &pinged, plain)),
            ]);
        }
        forms
    })
}

/// Describes a truncated reply that was accepted as complete.
fn accepted(tape: &Tape, now: &Rehearsed) -> Option<String> {
    use massgen_models::event::{Event, StopReason};
    match &now.ending {
        Ending::Failed(_) | Ending::Waiting => None,
        Ending::Finished => {
            let limited = now
                .events
                .iter()
                .any(|event| matches!(event, Event::Stopped(StopReason::MaxTokens)));
            // Nothing is lost if only token counts were cut off.
            let content = |events: &[Event]| {
                essence(events)
                    .into_iter()
                    .filter(|e| !matches!(e, Event::Usage(_)))
                    .collect::<Vec<_>>()
            };
            (!limited && content(&now.events) != content(&tape.done.events))
                .then(|| "the truncated reply was accepted as complete".to_string())
        }
        other => Some(ending(other)),
    }
}

pub(super) fn truncate(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for tape in &subject.tapes {
        for at in 0..tape.replies.len() {
            let (shape, body) = (tape.shape(at), tape.body(at));
            let ends: Vec<usize> = match bodies::parse(shape, &body) {
                Some(pieces) if shape != Shape::Whole => (0..pieces.len())
                    .map(|n| bodies::print(shape, &pieces[..n], Style::default()).len())
                    .collect(),
                _ => (0..8).map(|eighth| body.len() * eighth / 8).collect(),
            };
            for end in ends {
                for (complete, how) in [(false, "the connection broke"), (true, "the body ended")] {
                    inputs += 1;
                    let reads = vec![body[..end.min(body.len())].to_vec()];
                    let reply = Recorded { reads, complete, ..tape.replies[at].clone() };
                    let now = tape.with(subject, at, reply);
                    if let Some(why) = accepted(tape, &now) {
                        return tape
                            .failed(&format!("{how} after byte {end} of {}", body.len()), why);
                    }
                }
            }
        }
    }
    match inputs {
        0 => subject.no_tapes(),
        inputs => Verdict::Passed { inputs },
    }
}

pub(super) fn unknown_event(subject: &Subject<'_>) -> Verdict {
    each(subject, |shape, pieces| {
        if !shape.has_lines() && shape != Shape::EventStream {
            return Vec::new();
        }
        let named = pieces.iter().any(|piece| piece.event.is_some());
        let data = json!({"type": "massgen.unknown", "massgen_unknown": {"x": [1]}});
        let new = Piece {
            event: (named && shape.names_pieces()).then(|| "massgen.unknown".into()),
            data: Data::Json(data.clone()),
        };
        let positions = BTreeSet::from([
            0,
            1.min(pieces.len()),
            pieces.len() / 2,
            pieces.len().saturating_sub(1),
        ]);
        let at = |position: usize| {
            let mut grown = pieces.to_vec();
            grown.insert(position, new.clone());
            let name = format!("{data} before event {}", position + 1);
            (name, bodies::print(shape, &grown, Style::default()))
        };
        positions.into_iter().map(at).collect()
    })
}

pub(super) fn unknown_field(subject: &Subject<'_>) -> Verdict {
    let values = [json!({"a": [1, null]}), json!("text"), json!(null)];
    each(subject, |shape, pieces| {
        let grown = |value: &Value| {
            let changed = bodies::map(pieces, |document| {
                bodies::objects(document, "", &mut |_, object| {
                    object.insert("massgen_unknown".into(), value.clone());
                });
            });
            let name = format!("\"massgen_unknown\": {value} in every object");
            (changed != pieces).then(|| (name, bodies::print(shape, &changed, Style::default())))
        };
        values.iter().filter_map(grown).collect()
    })
}

pub(super) fn null_field(subject: &Subject<'_>) -> Verdict {
    each(subject, |shape, pieces| {
        // Every object gets the fields that other objects at the same path have.
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        bodies::map(pieces, |document| {
            bodies::objects(document, "", &mut |path, object| {
                known.entry(path.to_string()).or_default().extend(object.keys().cloned());
            });
        });
        let grown = |only: Option<&str>| {
            let changed = bodies::map(pieces, |document| {
                bodies::objects(document, "", &mut |path, object| {
                    for name in known.get(path).into_iter().flatten() {
                        if only.is_none_or(|only| only == name) && !object.contains_key(name) {
                            object.insert(name.clone(), Value::Null);
                        }
                    }
                });
            });
            (changed != pieces).then(|| bodies::print(shape, &changed, Style::default()))
        };
        let names: BTreeSet<&String> = known.values().flatten().collect();
        let mut forms: Vec<(String, Vec<u8>)> = names
            .into_iter()
            .filter_map(|name| {
                Some((
                    format!("\"{}\": null wherever it is missing", shorten(name, 60)),
                    grown(Some(name))?,
                ))
            })
            .collect();
        forms.extend(grown(None).map(|body| ("every missing field as null".to_string(), body)));
        forms
    })
}
