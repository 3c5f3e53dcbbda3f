//! The list of 1,000 runs, and the facts of one large run. Run with `cargo bench -p massgen-logs`.

use std::fmt::Write as _;

use massgen_logs::{locate, overview, redact::Redactor};

fn main() {
    divan::main();
}

fn attempt(base: &std::path::Path, run: usize, events: usize) {
    let dir = base.join(format!("log_20260101_{:06}_000000/turn_1/attempt_1", run));
    std::fs::create_dir_all(&dir).expect("a temporary directory can be written");
    let mut lines = String::new();
    for n in 0..events {
        let (second, micro) = (n / 1000 % 60, n % 1000 * 1000);
        let minute = n / 60_000 % 60;
        writeln!(lines, r#"{{"timestamp": "2026-01-01T00:{minute:02}:{second:02}.{micro:06}", "event_type": "tool_complete", "agent_id": "agent_a", "round_number": 0, "data": {{"tool_id": "c{n}", "tool_name": "mcp__probe__big", "result": "{}", "elapsed_seconds": 0.5, "status": "success", "is_error": false}}}}"#, "x".repeat(800)).expect("a String takes all");
    }
    std::fs::write(dir.join("events.jsonl"), lines).expect("it can be written");
    std::fs::write(dir.join("status.json"), r#"{"finish_reason":"completed","results":{"winner":"agent_a"},"costs":{"total_estimated_cost":0.1},"agents":{"agent_a":{}},"meta":{"question":"q"}}"#).expect("it can be written");
    std::fs::write(dir.join("execution_metadata.yaml"), "query: what is it?\n")
        .expect("it can be written");
}

#[divan::bench(sample_count = 20)]
fn list_1000_runs(bencher: divan::Bencher<'_, '_>) {
    let base = tempfile::tempdir().expect("a temporary directory");
    (0..1000).for_each(|run| attempt(base.path(), run, 20));
    bencher.bench(|| {
        let names = locate::names(base.path()).expect("the base can be read");
        overview::overviews(base.path(), &names).len()
    });
}

#[divan::bench(sample_count = 5)]
fn facts_of_100_mb(bencher: divan::Bencher<'_, '_>) {
    let base = tempfile::tempdir().expect("a temporary directory");
    attempt(base.path(), 0, 100_000);
    let run = locate::list(base.path()).expect("the base can be read").remove(0);
    bencher
        .bench(|| massgen_logs::examine(&run, None, &Redactor::default()).attempts[0].tool_calls);
}
