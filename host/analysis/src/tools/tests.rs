use massgen_logs::redact::Redactor;
use massgen_logs::{examine, locate};

use super::*;

fn with_run(check: impl Fn(RunData<'_>)) {
    let base = tempfile::tempdir().unwrap();
    let attempt = base.path().join("log_20260101_000000_000000/turn_1/attempt_1");
    std::fs::create_dir_all(&attempt).unwrap();
    let event = |kind: &str, agent: &str| {
        format!(
            r#"{{"timestamp":"2026-01-01T00:00:00.000000","event_type":"{kind}","agent_id":"{agent}","round_number":0,"data":{{"content":"x"}}}}"#
        )
    };
    let lines =
        [event("round_start", "a"), event("text", "a"), event("text", "b"), "{cut".to_string()]
            .join("\n");
    std::fs::write(attempt.join("events.jsonl"), lines).unwrap();
    std::fs::write(attempt.join("massgen.log"), "alpha\nBeta sk-0123456789abcdefghij\n").unwrap();
    let run = locate::list(base.path()).unwrap().remove(0);
    let facts = examine(&run, None, &Redactor::default());
    let files = RunFiles::new(&run.root, Redactor::default());
    check(RunData { files: &files, facts: &facts });
}

fn call(data: RunData<'_>, name: &str, args: &Value) -> (bool, String) {
    let result = run(
        data,
        &ToolCall { id: "1".into(), name: name.into(), arguments_json: args.to_string() },
    );
    (result.is_error, result.text)
}

#[test]
fn each_tool_answers() {
    with_run(|data| {
        for (name, args, expect) in [
            ("list_files", json!({"path": null}), "turn_1/attempt_1/events.jsonl ("),
            ("list_files", json!({"path": "nowhere"}), "no files below"),
            ("list_files", json!({"path": "strict path"}), "turn_1/attempt_1/massgen.log"),
            (
                "read_lines",
                json!({"path": "turn_1/attempt_1/massgen.log", "start": 2, "count": 1}),
                "massgen.log:2| Beta [redacted]",
            ),
            (
                "read_lines",
                json!({"path": "./turn_1/attempt_1/massgen.log", "start": "1"}),
                "massgen.log:1| alpha",
            ),
            ("search", json!({"text": "BETA", "path": null}), "massgen.log:2| Beta"),
            ("search", json!({"text": "gamma"}), "no line contains"),
            ("query_events", json!({"event_type": "text", "agent": "b"}), "events.jsonl:3|"),
            ("query_events", json!({"event_type": "vote"}), "no matching event"),
            ("query_events", json!({"count": 1}), "more events"),
            ("facts", json!({"section": "summary"}), "\"outcome\":"),
            ("facts", json!({"section": "agents"}), "\"id\":\"a\""),
        ] {
            let (is_error, text) = call(data, name, &args);
            assert!(!is_error && text.contains(expect), "{name} {args}: {text}");
        }
    });
}

#[test]
fn failed_calls_explain_why() {
    with_run(|data| {
        for (name, args, expect) in [
            ("read_lines", json!({"path": "../../etc/passwd"}), "is outside the run"),
            ("read_lines", json!({"path": "turn_9/x"}), "does not exist"),
            (
                "read_lines",
                json!({"path": "turn_1/attempt_1/massgen.log", "start": 99}),
                "does not exist",
            ),
            ("read_lines", json!({}), "missing"),
            ("search", json!({"text": " "}), "missing"),
            ("query_events", json!({"attempt": 7}), "no event log"),
            ("facts", json!({"section": "weather"}), "unknown section"),
            ("launch", json!({}), "unknown tool"),
            ("search", json!([1]), "not a JSON object"),
        ] {
            let (is_error, text) = call(data, name, &args);
            assert!(is_error && text.contains(expect), "{name} {args}: {text}");
        }
    });
}

#[test]
fn results_are_bounded() {
    let text = bounded("ü".repeat(RESULT_BYTES_MAX));
    assert!(text.len() < RESULT_BYTES_MAX + 40 && text.ends_with("[truncated: request less]"));
}
