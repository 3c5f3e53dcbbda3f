//! Measures the result of a tool call. Only results that can matter are unescaped.

use serde_json::Value;

use super::super::{JobReport, SpawnedSubagent};
use super::body::{count_chars, trim_start, unescape};
use super::failure::{self, failure};
use super::fields::Fields;
use crate::time::naive_us;

/// JSON results up to this size are parsed; longer ones are documents.
const OBJECT_BYTES_MAX: usize = 4 << 20;

/// Text results up to this size are checked for error messages.
const MESSAGE_BYTES_MAX: usize = 32_000;

/// Length of a result, and the failure, subagents and background job found in it.
#[derive(Debug, Default)]
pub(in crate::events) struct MeasuredResult {
    pub(in crate::events) chars: u64,
    pub(in crate::events) failure: Option<String>,
    pub(in crate::events) subagents: Vec<SpawnedSubagent>,
    pub(in crate::events) job: Option<JobReport>,
}

/// Measures a result given as JSON. Returns `None` if it starts as a string but is not a valid one.
pub(super) fn measure(tool: &str, raw: &str) -> Option<MeasuredResult> {
    if raw == "null" {
        return Some(MeasuredResult::default());
    }
    let Some(body) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Some(inspect(tool, raw, raw.chars().count() as u64));
    };
    let unescaped = match trim_start(body).as_bytes().first() {
        Some(b'{' | b'[') => body.len() <= OBJECT_BYTES_MAX,
        _ => body.len() <= MESSAGE_BYTES_MAX && may_be_failure(body),
    };
    match unescaped.then(|| unescape(body)).flatten() {
        Some(text) => Some(inspect(tool, &text, text.chars().count() as u64)),
        None => Some(MeasuredResult { chars: count_chars(body)?, ..MeasuredResult::default() }),
    }
}

/// Returns whether a result that is not an object may be a failure for [`failure()`]. Checks the escaped text and can
/// return false positives, but no false negatives.
fn may_be_failure(body: &str) -> bool {
    let text = trim_start(body);
    let end = body.trim_end_matches(['\\', 'n', 'r', 't', ' ']);
    let last = end.rfind("\\n").map_or(end, |at| &end[at + 2..]);
    text.starts_with('\\')
        || failure::has_failure_prefix(text)
        || [text, trim_start(last)].into_iter().any(failure::starts_with_exit_code)
}

fn inspect(tool: &str, text: &str, chars: u64) -> MeasuredResult {
    let mut measured =
        MeasuredResult { chars, failure: failure(tool, text), ..MeasuredResult::default() };
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

fn job(json: &str) -> Option<JobReport> {
    const NAMES: &[&str; 5] = &["job_id", "tool_name", "status", "started_at", "completed_at"];
    let fields = Fields::pick(json, NAMES).ok()?;
    let time = |name: &str| naive_us(&fields.text(name));
    Some(JobReport {
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
    fn hollow_subagents() {
        let result = r#"{"success":true,"results":[
            {"subagent_id":"good","success":true,"answer":"blue","token_usage":{"input_tokens":10,"output_tokens":2}},
            {"subagent_id":"silent","success":true,"answer":"text","token_usage":{"input_tokens":0,"output_tokens":0}},
            {"subagent_id":"broken","success":true,"answer":"❌ no key"},
            {"subagent_id":"honest","success":false,"answer":null}]}"#;
        let hollow = |tool: &str| -> Vec<String> {
            let found = inspect(tool, result, 0).subagents;
            found.into_iter().filter(|subagent| subagent.hollow).map(|s| s.id).collect()
        };
        assert_eq!(hollow("mcp__subagent_1__spawn_subagents"), ["silent", "broken"]);
        assert!(hollow("mcp__probe__lookup").is_empty());
    }

    #[test]
    fn jobs_have_their_recorded_times() {
        let result = r#"{"job_id":"bgtool_1","tool_name":"mcp__probe__slow","status":"completed",
            "started_at":"2026-11-22T09:12:50.103499","completed_at":"2026-11-22T09:12:53.116817"}"#;
        let job = inspect("custom_tool__wait_for_background_tool", result, 0).job.unwrap();
        assert_eq!(job.completed_us.unwrap() - job.started_us.unwrap(), 3_013_318);
    }
}
