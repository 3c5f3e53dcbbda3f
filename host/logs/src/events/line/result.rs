//! The result of a tool call, measured without unpacking more of it than the question needs.

use serde_json::Value;

use super::super::{Job, SpawnedSubagent};
use super::failure::{self, failure};
use super::fields::{Fields, Text};
use crate::time::naive_us;

/// Results beyond this are documents: only a JSON object of this size is looked into.
const OBJECT_BYTES_MAX: usize = 4 << 20;

/// A message is short; longer texts are unpacked for nothing.
const MESSAGE_BYTES_MAX: usize = 32_000;

/// What is known of a result.
#[derive(Debug, Default)]
pub(in crate::events) struct Measured {
    pub(in crate::events) chars: u64,
    pub(in crate::events) failure: Option<String>,
    pub(in crate::events) subagents: Vec<SpawnedSubagent>,
    pub(in crate::events) job: Option<Job>,
}

/// `raw`: the value as it stands in the line. None if it begins as a text and is none.
pub(super) fn measure(tool: &str, raw: &str) -> Option<Measured> {
    if raw == "null" {
        return Some(Measured::default());
    }
    let Some(body) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Some(look(tool, raw, raw.chars().count() as u64));
    };
    let worth = match trimmed(body).as_bytes().first() {
        Some(b'{' | b'[') => body.len() <= OBJECT_BYTES_MAX,
        _ => body.len() <= MESSAGE_BYTES_MAX && may_be_failure(body),
    };
    match worth.then(|| serde_json::from_str::<Text<'_>>(raw)) {
        Some(Ok(Text(text))) => Some(look(tool, &text, text.chars().count() as u64)),
        _ => Some(Measured { chars: chars(body)?, ..Measured::default() }),
    }
}

/// Without the space at the beginning, escaped or not.
fn trimmed(body: &str) -> &str {
    let mut body = body.trim_start();
    while let Some(rest) = ["\\n", "\\t", "\\r"].iter().find_map(|space| body.strip_prefix(space)) {
        body = rest.trim_start();
    }
    body
}

/// Whether a text that is no object may be one of those that [`failure()`] knows: it sees the text before it is
/// unpacked, and rather says yes than no.
fn may_be_failure(body: &str) -> bool {
    let text = trimmed(body);
    let end = body.trim_end_matches(['\\', 'n', 'r', 't', ' ']);
    let last = end.rfind("\\n").map_or(end, |at| &end[at + 2..]);
    text.starts_with('\\')
        || failure::begins_as_failure(text)
        || [text, trimmed(last)].into_iter().any(failure::names_exit_code)
}

fn look(tool: &str, text: &str, chars: u64) -> Measured {
    let mut measured = Measured { chars, failure: failure(tool, text), ..Measured::default() };
    let about_jobs = tool.contains("background_tool");
    if about_jobs {
        measured.job = job(text);
    } else if tool.contains("subagent")
        && let Ok(json) = serde_json::from_str(text)
    {
        measured.subagents = subagents(&json);
    }
    measured
}

/// Characters of the body of a JSON string; an escape is one, a pair of surrogates too. None if it is no such body.
fn chars(body: &str) -> Option<u64> {
    let bytes = body.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'\\', b'"', &bytes[at..]) {
        count += plain_chars(&bytes[at..at + found]);
        at += found;
        let (step, counts) = match bytes[at..] {
            // The second half of a pair belongs to the first.
            [b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', _, _, ..] => (6, 0),
            [b'\\', b'u', _, _, _, _, ..] => (6, 1),
            [b'\\', other, ..] if other != b'u' => (2, 1),
            _ => return None,
        };
        count += counts;
        at += step;
    }
    Some(count + plain_chars(&bytes[at..]))
}

fn plain_chars(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

fn job(json: &str) -> Option<Job> {
    const NAMES: &[&str; 5] = &["job_id", "tool_name", "status", "started_at", "completed_at"];
    let fields = Fields::pick(json, NAMES).ok()?;
    let time = |name: &str| naive_us(&fields.text(name));
    Some(Job {
        id: fields.get("job_id")?,
        tool: fields.text("tool_name").into(),
        status: fields.text("status").into(),
        started_us: time("started_at"),
        completed_us: time("completed_at"),
    })
}

fn subagents(json: &Value) -> Vec<SpawnedSubagent> {
    let results = json.get("results").and_then(Value::as_array).into_iter().flatten();
    let single = json.get("subagent_id").is_some().then_some(json);
    results.chain(single).filter_map(subagent).collect()
}

fn subagent(json: &Value) -> Option<SpawnedSubagent> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(String::from);
    let usage = json.get("token_usage").unwrap_or(&Value::Null);
    let count = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
    let seconds = json.get("execution_time_seconds").and_then(Value::as_f64).unwrap_or(0.0);
    Some(SpawnedSubagent {
        id: text("subagent_id")?,
        status: text("status").unwrap_or_default(),
        success: json.get("success").and_then(Value::as_bool).unwrap_or(false),
        hollow: failure::is_hollow(json),
        wall_ms: (seconds.clamp(0.0, 1e9) * 1000.0).round() as u64,
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        cost_usd: usage.get("estimated_cost").and_then(Value::as_f64).unwrap_or(0.0),
        error: text("error").filter(|error| !error.is_empty()),
        workspace: text("workspace").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_if_unpacked() {
        for text in ["", "plain", "a\nb\"c\\d", "\u{e4}\u{20ac}\u{1f600}", "\u{1}x"] {
            let json = serde_json::to_string(text).unwrap();
            let count = chars(&json[1..json.len() - 1]);
            assert_eq!(count, Some(text.chars().count() as u64), "{text:?}");
        }
        assert_eq!(chars(r"\ud83d\ude00\u00e4"), Some(2));
        for broken in [r"cut \u", "cut \\", "a \" b"] {
            assert_eq!(chars(broken), None, "{broken}");
        }
    }

    #[test]
    fn subagents_that_only_claim_success() {
        let result = r#"{"success":true,"results":[
            {"subagent_id":"good","success":true,"answer":"blue","token_usage":{"input_tokens":10,"output_tokens":2}},
            {"subagent_id":"silent","success":true,"answer":"text","token_usage":{"input_tokens":0,"output_tokens":0}},
            {"subagent_id":"broken","success":true,"answer":"❌ no key"},
            {"subagent_id":"honest","success":false,"answer":null}]}"#;
        let hollow = |tool: &str| -> Vec<String> {
            let found = look(tool, result, 0).subagents;
            found.into_iter().filter(|subagent| subagent.hollow).map(|s| s.id).collect()
        };
        assert_eq!(hollow("mcp__subagent_1__spawn_subagents"), ["silent", "broken"]);
        assert!(hollow("mcp__probe__lookup").is_empty());
    }

    #[test]
    fn jobs_have_their_real_times() {
        let result = r#"{"job_id":"bgtool_1","tool_name":"mcp__probe__slow","status":"completed",
            "started_at":"2026-11-22T09:12:50.103499","completed_at":"2026-11-22T09:12:53.116817"}"#;
        let job = look("custom_tool__wait_for_background_tool", result, 0).job.unwrap();
        assert_eq!(job.completed_us.unwrap() - job.started_us.unwrap(), 3_013_318);
    }
}
