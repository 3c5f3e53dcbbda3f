//! Checks of the events that a plugin returns for valid replies.

use std::collections::BTreeSet;

use massgen_models::event::{Event, StopReason, Usage};
use massgen_runtime::rehearsal::Ending;
use serde_json::Value;

use super::bodies::{self, Style};
use super::subject::{Subject, ending};
use crate::report::Verdict;

pub(super) fn events(subject: &Subject<'_>) -> Verdict {
    for tape in &subject.tapes {
        if tape.done.ending != Ending::Finished {
            return tape.failed("the recorded reply", ending(&tape.done.ending));
        }
    }
    match subject.tapes.len() {
        0 => subject.no_tapes(),
        inputs => Verdict::Passed { inputs },
    }
}

pub(super) fn tools(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for tape in &subject.tapes {
        let mut ids = BTreeSet::new();
        for event in &tape.done.events {
            let Event::ToolCallStart { id, name, .. } = event else { continue };
            inputs += 1;
            if name.is_empty() || id.is_empty() {
                return tape.failed("a tool call in the reply", "the call has no name or no id");
            }
            if !ids.insert(id) {
                return tape
                    .failed("tool calls in the reply", format!("two calls have the id {id}"));
            }
        }
        if let (false, Ending::Breach(why)) = (ids.is_empty(), &tape.done.ending) {
            return tape.failed("tool calls in the reply", why);
        }
        let stop = tape.done.events.iter().find_map(|event| match event {
            Event::Stopped(reason) => Some(reason),
            _ => None,
        });
        if let (false, Some(reason @ (StopReason::EndTurn | StopReason::StopSequence))) =
            (ids.is_empty(), stop)
        {
            return tape.failed(
                "tool calls in the reply",
                format!("the stop reason is {reason:?}, so the calls would never be answered"),
            );
        }
    }
    match inputs {
        0 => Verdict::Untried { why: "no cassette has a tool call".into() },
        inputs => Verdict::Passed { inputs },
    }
}

/// Fields that hold stop reasons.
const REASONS: &[&str] =
    &["finish_reason", "stop_reason", "finishReason", "stopReason", "done_reason", "reason"];

pub(super) fn stop(subject: &Subject<'_>) -> Verdict {
    const NEW: &str = "massgen_new_reason";
    let mut inputs = 0;
    for tape in &subject.tapes {
        let at = tape.replies.len() - 1;
        let Some(pieces) = bodies::parse(tape.shape(at), &tape.body(at)) else { continue };
        let mut found = false;
        let changed = bodies::map(&pieces, |value| {
            bodies::texts(value, "", &mut |name, text| {
                if REASONS.contains(&name) {
                    found = true;
                    *text = NEW.into();
                }
            });
        });
        if !found {
            continue;
        }
        inputs += 1;
        let body = bodies::print(tape.shape(at), &changed, Style::default());
        let now = tape.with(subject, at, tape.reply(at, body));
        let calls = now.events.iter().any(|event| matches!(event, Event::ToolCallStart { .. }));
        let stopped = now.events.iter().find_map(|event| match event {
            Event::Stopped(reason) => Some(reason.clone()),
            _ => None,
        });
        let passed_on = match (&now.ending, stopped) {
            (Ending::Failed(_), _) => true,
            (Ending::Finished, Some(StopReason::Other(reason))) => reason.contains(NEW),
            (Ending::Finished, Some(StopReason::ToolCalls)) => calls,
            _ => false,
        };
        if !passed_on {
            let stopped = now.events.last().map(|event| format!("{event:?}")).unwrap_or_default();
            return tape.failed(
                &format!("the stop reason {NEW}"),
                format!("{}: {stopped}", ending(&now.ending)),
            );
        }
    }
    match inputs {
        0 => Verdict::Untried { why: "no cassette has a stop reason in JSON".into() },
        inputs => Verdict::Passed { inputs },
    }
}

pub(super) fn usage(subject: &Subject<'_>) -> Verdict {
    let mut inputs = 0;
    for tape in &subject.tapes {
        let mut last = Usage::default();
        for event in &tape.done.events {
            let Event::Usage(now) = event else { continue };
            inputs += 1;
            let falls = |was: Option<u64>, is: Option<u64>| matches!((was, is), (Some(was), Some(is)) if is < was);
            if falls(last.input_tokens, now.input_tokens)
                || falls(last.output_tokens, now.output_tokens)
            {
                return tape.failed(
                    "token counts in the reply",
                    format!("{last:?} became {now:?}: these are increments, not totals"),
                );
            }
            let cached = now.cache_read_tokens.unwrap_or(0) + now.cache_write_tokens.unwrap_or(0);
            if now.input_tokens.is_some_and(|input| cached > input)
                || now.output_tokens.is_some_and(|out| now.reasoning_tokens.unwrap_or(0) > out)
            {
                return tape.failed(
                    "token counts in the reply",
                    format!("{now:?}: input must include cached tokens, and output must include reasoning"),
                );
            }
            last = *now;
        }
        let reported = numbers(&tape.body(tape.replies.len() - 1));
        let known = [last.input_tokens, last.output_tokens, last.reasoning_tokens];
        let plausible = known
            .into_iter()
            .flatten()
            .all(|n| n == 0 || reported.is_empty() || sum_of(n, &reported));
        if !plausible {
            return tape.failed(
                "token counts in the reply",
                format!("{last:?} does not match the figures in the reply"),
            );
        }
    }
    match inputs {
        0 => Verdict::Untried { why: "no cassette contains token counts".into() },
        inputs => Verdict::Passed { inputs },
    }
}

/// Returns the integers in those fields of a body that count tokens.
fn numbers(body: &[u8]) -> Vec<u64> {
    fn walk(value: &Value, counted: bool, found: &mut Vec<u64>) {
        match value {
            Value::Object(object) => {
                for (name, inner) in object {
                    let name = name.to_ascii_lowercase();
                    walk(inner, counted || name.contains("token") || name.contains("usage"), found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, counted, found)),
            Value::Number(number) if counted => found.extend(number.as_u64()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(body).lines() {
        if let Ok(value) = serde_json::from_str(line.trim_start_matches("data:").trim()) {
            walk(&value, false, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(40);
    found
}

/// Returns whether a total is one of the figures, or the sum of two or three of them.
fn sum_of(total: u64, figures: &[u64]) -> bool {
    figures.contains(&total)
        || figures.iter().any(|a| {
            figures.iter().any(|b| {
                a.checked_add(*b).is_some_and(|ab| {
                    ab == total || figures.iter().any(|c| ab.checked_add(*c) == Some(total))
                })
            })
        })
}
