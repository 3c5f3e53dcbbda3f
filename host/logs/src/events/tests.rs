//! Reading in blocks of any size produces the same result.

use std::fmt::Write as _;
use std::io::Write as _;

use super::reading::read_blocks;
use super::{Events, MomentKind};

fn file(text: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text).unwrap();
    file
}

fn read(text: &[u8], block_bytes: u64) -> (Events, Vec<(u64, String)>) {
    read_blocks(&file(text), text.len() as u64, block_bytes).unwrap()
}

fn sample() -> String {
    let mut text = String::new();
    let mut line = |second: usize, kind: &str, agent: &str, data: &str| {
        writeln!(text, r#"{{"timestamp": "2026-01-01T00:00:{second:02}.000000", "event_type": "{kind}", "agent_id": {agent}, "round_number": 0, "data": {data}}}"#).unwrap();
    };
    line(0, "system_status", "null", r#"{"message": "go"}"#);
    line(0, "round_start", "\"a\"", "{}");
    line(1, "text", "\"a\"", r#"{"content": "one"}"#);
    line(2, "text", "\"a\"", r#"{"content": "two"}"#);
    line(
        3,
        "tool_start",
        "\"a\"",
        r#"{"tool_id": "1", "tool_name": "t", "args": {"command": "ls -l"}}"#,
    );
    line(3, "round_start", "\"b\"", "{}");
    line(
        4,
        "tool_start",
        "\"b\"",
        r#"{"tool_id": "1", "tool_name": "t", "args": {"command": "ls -l"}}"#,
    );
    line(
        5,
        "tool_complete",
        "\"a\"",
        r#"{"tool_id": "1", "tool_name": "t", "result": "Error: no", "elapsed_seconds": 2.0, "status": "success", "is_error": false}"#,
    );
    line(6, "thinking", "\"a\"", r#"{"content": "h\u00e4"}"#);
    line(7, "answer_submitted", "\"a\"", r#"{"content": "42", "answer_label": "agent1.1"}"#);
    line(8, "vote", "\"b\"", r#"{"target_id": "a", "reason": "good"}"#);
    text
}

#[test]
fn any_block_size_produces_the_same_result() {
    let mut text = sample();
    text.push_str("no event\n\n{\"timestamp\": \"2026-01");
    let whole = read(text.as_bytes(), 1 << 20);
    assert_eq!((whole.0.count, whole.0.lines), (11, 14));
    assert_eq!(whole.1.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [12, 14]);
    for block_bytes in (1..text.len() as u64).step_by(13) {
        let (events, complaints) = read(text.as_bytes(), block_bytes);
        assert_eq!(events.calls, whole.0.calls, "{block_bytes}");
        assert_eq!(events.moments, whole.0.moments, "{block_bytes}");
        assert_eq!(events.agent_spans, whole.0.agent_spans, "{block_bytes}");
        assert_eq!((events.span, events.lines), (whole.0.span, whole.0.lines), "{block_bytes}");
        assert_eq!(complaints, whole.1, "{block_bytes}");
        let lines = text.split_inclusive('\n');
        let begins = lines.scan(0, |at, line| Some(std::mem::replace(at, *at + line.len() as u64)));
        let begins: Vec<u64> = begins.collect();
        for near in &events.checkpoints {
            assert_eq!(begins[near.line as usize - 1], near.at, "{block_bytes}");
        }
        assert!(events.checkpoints.is_sorted_by_key(|near| near.line));
    }
}

#[test]
fn calls_are_paired_per_agent() {
    let (events, _) = read(sample().as_bytes(), 1 << 20);
    let [a, b] = events.calls.as_slice() else { panic!("{:?}", events.calls) };
    assert!(a.ended() && a.failed() && !a.recorded_failure());
    assert_eq!((a.start_line, a.end_line, a.end_us - a.start_us), (5, 8, 2_000_000));
    assert!(!b.ended());
    assert_eq!(b.end_us - b.start_us, 4_000_000, "an open call lasts until the agent's last event");
    assert_eq!(events.pattern(a), "ls");
    assert_eq!(a.args_hash, b.args_hash);
}

#[test]
fn consecutive_activity_is_merged() {
    let (events, _) = read(sample().as_bytes(), 1 << 20);
    let a = events.agent_index("a").unwrap();
    let kinds: Vec<_> = events.moments.iter().filter(|m| m.agent == a).map(|m| &m.kind).collect();
    assert!(
        matches!(
            kinds.as_slice(),
            [MomentKind::RoundStart, MomentKind::Activity(_), MomentKind::Answer(_)]
        ),
        "{kinds:?}"
    );
}

#[test]
fn an_event_with_invalid_utf8_is_still_read() {
    let mut text = sample().into_bytes();
    let at = text.windows(3).position(|bytes| bytes == b"one").unwrap();
    text[at] = 0xff;
    let (events, complaints) = read(&text, 1 << 20);
    assert_eq!(events.count, 11);
    assert_eq!(complaints.len(), 1);
    assert!(complaints[0].1.contains("invalid UTF-8"), "{complaints:?}");
}

/// The scanner and the parser agree on every line.
#[test]
fn scanner_and_parser_agree() {
    let compact = sample().replace("\": ", "\":");
    let (scanned, parsed) = (read(sample().as_bytes(), 1 << 20), read(compact.as_bytes(), 1 << 20));
    assert_eq!(scanned.0.calls.len(), parsed.0.calls.len());
    assert_eq!(scanned.0.moments, parsed.0.moments);
    assert_eq!((scanned.0.count, scanned.0.span), (parsed.0.count, parsed.0.span));
}
