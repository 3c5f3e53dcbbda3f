//! The result of a tool call, measured without unpacking more of it than the question needs.

use serde_json::Value;
use serde_json::value::RawValue;

use super::failure::{self, failure};
use super::fields::{Fields, Text};
use super::{Job, SpawnedSubagent};
use crate::time::naive_us;

/// Results beyond this are documents: only a JSON object of this size is looked into.
const OBJECT_BYTES_MAX: usize = 4 << 20;

/// A message is short; longer texts are unpacked for nothing.
const MESSAGE_BYTES_MAX: usize = 32_000;

/// What is known of a result.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) chars: u64,
    pub(super) failure: Option<String>,
    pub(super) subagents: Vec<SpawnedSubagent>,
    pub(super) job: Option<Job>,
}

pub(super) fn measure(tool: &str, raw: Option<&RawValue>) -> Measured {
    let raw = raw.map_or("null", RawValue::get);
    if raw == "null" {
        return Measured::default();
    }
    let Some(body) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return look(tool, raw, chars(raw));
    };
    let first = body.trim_start_matches([' ', '\t']).trim_start_matches("\\n").trim_start();
    let worth = match first.as_bytes().first() {
        Some(b'{' | b'[') => body.len() <= OBJECT_BYTES_MAX,
        _ => body.len() <= MESSAGE_BYTES_MAX,
    };
    match worth.then(|| serde_json::from_str::<Text<'_>>(raw)) {
        Some(Ok(Text(text))) => look(tool, &text, text.chars().count() as u64),
        _ => Measured { chars: chars(body), ..Measured::default() },
    }
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

/// Characters of the body of a JSON string; an escape is one, a pair of surrogates too.
fn chars(body: &str) -> u64 {
    let bytes = body.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        count += plain_chars(&bytes[at..at + found]);
        at += found;
        let (step, counts) = match bytes.get(at + 1) {
            // The second half of a pair belongs to the first.
            Some(b'u') => {
                let low = matches!(bytes.get(at + 2), Some(b'd' | b'D'))
                    && matches!(bytes.get(at + 3), Some(b'c'..=b'f' | b'C'..=b'F'));
                (6, u64::from(!low))
            }
            _ => (2, 1),
        };
        count += counts;
        at = (at + step).min(bytes.len());
    }
    count + plain_chars(&bytes[at..])
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
            assert_eq!(chars(&json[1..json.len() - 1]), text.chars().count() as u64, "{text:?}");
        }
        assert_eq!(chars(r"\ud83d\ude00\u00e4"), 2);
        assert_eq!(chars(r"cut \u"), 5);
        assert_eq!(chars("cut \\"), 5);
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
