//! `events.jsonl`, one line after the other. A line that is cut or foreign becomes a diagnostic; long
//! texts are measured and let go.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Source, tool_result};
use crate::run::{AgentId, Event, EventKind};

const FILE: &str = "events.jsonl";

/// A line beyond this is not parsed; MassGen does not cut results, so lines of megabytes are normal.
const LINE_BYTES_MAX: usize = 64 << 20;

/// Text of arguments, reasons and messages that is kept.
const ARGS_CHARS_MAX: usize = 2_000;
const TEXT_CHARS_MAX: usize = 400;

pub(super) fn read(source: &mut Source<'_>) -> Option<Vec<Event>> {
    let file = source.open(FILE)?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut names = Names::default();
    let mut events = Vec::new();
    let mut buffer = Vec::new();
    let mut line = 0;
    loop {
        buffer.clear();
        match reader.by_ref_take(LINE_BYTES_MAX, &mut buffer) {
            Ok(0) => break,
            Ok(_) => line += 1,
            Err(error) => {
                source.complain(FILE, line + 1, format!("can't be read: {error}"));
                break;
            }
        }
        let complete = buffer.last() == Some(&b'\n');
        let text = buffer.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match parse(text, line, &mut names) {
            Ok(event) => events.push(event),
            Err(why) if complete => source.complain(FILE, line, why),
            Err(_) => source.complain(
                FILE,
                line,
                "the last line is cut off: the run was killed or is still going on",
            ),
        }
    }
    Some(events)
}

/// Reads up to and including the next line end, keeping at most `max` bytes; gives the bytes consumed.
trait TakeLine {
    fn by_ref_take(&mut self, max: usize, buffer: &mut Vec<u8>) -> std::io::Result<usize>;
}

impl<R: BufRead> TakeLine for R {
    fn by_ref_take(&mut self, max: usize, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
        let mut consumed = 0;
        loop {
            let chunk = self.fill_buf()?;
            if chunk.is_empty() {
                return Ok(consumed);
            }
            let end = memchr::memchr(b'\n', chunk).map(|at| at + 1);
            let take = end.unwrap_or(chunk.len());
            let room = max.saturating_sub(buffer.len());
            buffer.extend_from_slice(&chunk[..take.min(room)]);
            self.consume(take);
            consumed += take;
            if end.is_some() {
                return Ok(consumed);
            }
        }
    }
}

/// Shares the names that every line repeats.
#[derive(Default)]
struct Names(HashMap<String, Arc<str>>);

impl Names {
    fn share(&mut self, name: &str) -> AgentId {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let shared: Arc<str> = name.into();
        self.0.insert(name.to_string(), shared.clone());
        shared
    }
}

fn parse(text: &[u8], line: u64, names: &mut Names) -> Result<Event, String> {
    #[derive(Deserialize)]
    struct Line<'a> {
        timestamp: String,
        event_type: String,
        agent_id: Option<String>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let text = std::str::from_utf8(text).map_err(|error| format!("is not UTF-8: {error}"))?;
    let parsed: Line<'_> =
        serde_json::from_str(text).map_err(|error| format!("is no event: {error}"))?;
    let at_us = naive_us(&parsed.timestamp)
        .ok_or_else(|| format!("has no time that can be read: {:?}", parsed.timestamp))?;
    let data = parsed.data.map_or("{}", RawValue::get);
    let kind = kind(&parsed.event_type, data, names)
        .map_err(|error| format!("{} has unexpected data: {error}", parsed.event_type))?;
    Ok(Event { line, at_us, agent: parsed.agent_id.map(|id| names.share(&id)), kind })
}

/// Microseconds of a naive local time, as if it were UTC.
pub(crate) fn naive_us(text: &str) -> Option<i64> {
    let time: jiff::civil::DateTime = text.parse().ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

fn kind(event: &str, data: &str, names: &mut Names) -> Result<EventKind, serde_json::Error> {
    Ok(match event {
        "round_start" => EventKind::RoundStart,
        "agent_restart" => EventKind::Restart { reason: cut(&field(data, "restart_reason")?) },
        "tool_start" => tool_start(data, names)?,
        "tool_complete" => tool_end(data, names)?,
        "answer_submitted" => EventKind::Answer {
            label: cut(&field(data, "answer_label")?),
            chars: chars(&field(data, "content")?),
        },
        "vote" => EventKind::Vote {
            target: cut(&field(data, "target_id")?),
            reason: cut(&field(data, "reason")?),
        },
        "final_presentation_start" => {
            let value: Value = serde_json::from_str(data)?;
            EventKind::PresentationStart { is_tie: value["is_tie"].as_bool().unwrap_or(false) }
        }
        "final_answer" => EventKind::FinalAnswer { chars: chars(&field(data, "content")?) },
        "orchestrator_timeout" => EventKind::Timeout {
            reason: cut(&field(data, "timeout_reason")?),
            selected: Some(field(data, "selected_agent")?).filter(|agent| !agent.is_empty()),
        },
        "restart_banner" => EventKind::AttemptRestart { reason: cut(&field(data, "reason")?) },
        "text" => match field(data, "content")? {
            text if text.contains('❌') => {
                EventKind::Trouble { message: cut(&text[text.find('❌').unwrap_or(0)..]) }
            }
            _ => EventKind::Activity,
        },
        "thinking" | "hook_execution" | "injection_received" | "final_presentation_chunk" => {
            EventKind::Activity
        }
        _ => EventKind::Other,
    })
}

/// One text of an event's data; empty if it is missing or no text.
fn field(data: &str, name: &str) -> Result<String, serde_json::Error> {
    let value: HashMap<String, &RawValue> = serde_json::from_str(data)?;
    Ok(value.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default())
}

fn tool_start(data: &str, names: &mut Names) -> Result<EventKind, serde_json::Error> {
    #[derive(Deserialize)]
    struct Data {
        #[serde(default)]
        tool_id: Option<String>,
        tool_name: String,
        #[serde(default)]
        args: Value,
    }
    let data: Data = serde_json::from_str(data)?;
    let args = canonical(&data.args);
    let mut hasher = DefaultHasher::new();
    args.hash(&mut hasher);
    Ok(EventKind::ToolStart {
        id: data.tool_id.unwrap_or_default(),
        tool: names.share(&data.tool_name),
        args_hash: hasher.finish(),
        args: args.chars().take(ARGS_CHARS_MAX).collect(),
    })
}

fn tool_end(data: &str, names: &mut Names) -> Result<EventKind, serde_json::Error> {
    #[derive(Deserialize)]
    struct Data {
        #[serde(default)]
        tool_id: Option<String>,
        tool_name: String,
        #[serde(default)]
        result: Value,
        #[serde(default)]
        elapsed_seconds: Option<f64>,
        #[serde(default)]
        status: Option<String>,
        #[serde(default)]
        is_error: Option<bool>,
    }
    let data: Data = serde_json::from_str(data)?;
    let result = match data.result {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let recorded_failure = data.is_error == Some(true) || data.status.as_deref() == Some("error");
    let failure = tool_result::failure(&result).or_else(|| recorded_failure.then(|| cut(&result)));
    Ok(EventKind::ToolEnd {
        id: data.tool_id.unwrap_or_default(),
        tool: names.share(&data.tool_name),
        elapsed_ms: data.elapsed_seconds.filter(|s| s.is_finite() && *s >= 0.0).unwrap_or(0.0)
            * 1000.0,
        recorded_failure,
        failure,
        background: data.status.as_deref() == Some("background"),
        result_chars: chars(&result),
        hollow_subagents: tool_result::hollow_subagents(&data.tool_name, &result),
    })
}

/// JSON with sorted keys, so that equal arguments are equal texts.
fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let mut entries: Vec<_> = object.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| key.as_str());
                Value::Object(
                    entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
                )
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}

fn chars(text: &str) -> u64 {
    text.chars().count() as u64
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}
