//! Whole investigations through real components.

use massgen_harness::{FakeLlm, Step};
use serde_json::{Value, json};

use crate::{MODELS, env_with, holds_a_key};

const EVENTS: &str = "turn_1/attempt_1/events.jsonl";

fn report(findings: &[(&str, u64, &str)]) -> Step {
    let findings: Vec<Value> = findings
        .iter()
        .map(|(title, line, quote)| {
            json!({"title": title, "severity": "high", "category": "errors", "claim": "c", "recommendation": "r",
                   "evidence": [{"file": EVENTS, "line_start": line, "line_end": line, "quote": quote}]})
        })
        .collect();
    Step::text(json!({"summary": "sum", "findings": findings}).to_string())
}

#[test]
fn every_service_looks_reads_and_reports() {
    for model in MODELS.into_iter().chain([
        "gpt-4o",
        "claude-sonnet-4-20250514",
        "gemini-3-flash-preview",
        "gemini-2.5-flash",
    ]) {
        for stream in [&["--json"][..], &["--json", "--no-stream"]] {
            let fake = FakeLlm::start();
            let env = env_with(&fake);
            let run = env.unpack_run("tool_failures");
            fake.script([
                Step::calls(&[("list_files", json!({"path": null}))]),
                Step::calls(&[
                    ("read_lines", json!({"path": EVENTS, "start": 20, "count": 1})),
                    ("search", json!({"text": "flaky", "path": null})),
                ]),
                report(&[
                    ("true", 20, "Error executing tool flaky: backend unavailable (attempt 1)"),
                    ("lie", 20, "the server room was on fire"),
                    ("moved", 3, "custom_tool__explode"),
                ]),
                // A model that can't have a schema beside tools is asked for its report once more.
                report(&[
                    ("true", 20, "Error executing tool flaky: backend unavailable (attempt 1)"),
                    ("lie", 20, "the server room was on fire"),
                    ("moved", 3, "custom_tool__explode"),
                ]),
            ]);
            let mut args = vec!["logs", "analyze", "--model", model];
            args.extend(stream);
            let output = env.run(&args).exits(0);
            let document = output.json();
            assert_eq!(document["stop"], "finished", "{model}");
            let verified: Vec<_> = document["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f["verified"].as_bool().unwrap())
                .collect();
            assert_eq!(verified, [true, false, true], "{model}");
            assert!(document["usage"]["input_tokens"].as_u64().unwrap() >= 3000, "{model}");
            assert_eq!(document["usage"]["cached_tokens"].as_u64().unwrap() % 100, 0);
            assert!(
                run.join("turn_1/ANALYSIS_REPORT.md").is_file()
                    && run.join("turn_1/analysis.transcript.jsonl").is_file()
            );
            let journal = fake.journal();
            assert!(journal.len() >= 3, "{model}");
            assert!(
                journal.iter().all(|request| !holds_a_key(&request.body.to_string())
                    && !holds_a_key(&request.path)),
                "{model}"
            );
            let transcript =
                std::fs::read_to_string(run.join("turn_1/analysis.transcript.jsonl")).unwrap();
            assert!(
                !holds_a_key(&format!("{}{}{transcript}", output.stdout, output.stderr)),
                "{model}"
            );
        }
    }
}

#[test]
fn state_that_must_come_back_comes_back() {
    for (model, sign) in
        [("openai/gpt-6-luna", "sealed-1"), ("google/gemini-3.5-flash-lite", "c2ln1")]
    {
        let fake = FakeLlm::start();
        let env = env_with(&fake);
        env.unpack_run("single_ok");
        env.run(&["logs", "analyze", "--model", model, "--json"]).exits(0);
        assert!(fake.journal()[1].body.to_string().contains(sign), "{model}");
    }
}

#[test]
fn a_report_that_is_no_json_is_asked_for_again() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    env.unpack_run("single_ok");
    fake.script([Step::text("{\"findings\": \"none\"}"), report(&[])]);
    env.run(&["logs", "analyze", "--model", MODELS[0]]).exits(0);
    assert_eq!(fake.journal().len(), 2);
}

#[test]
fn an_interrupted_analysis_goes_on() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    let run = env.unpack_run("single_ok");
    fake.script([
        Step::calls(&[("list_files", json!({"path": null}))]),
        Step::text("x".repeat(400)).stall_after(3),
    ]);
    let child = env.start(&["logs", "analyze", "--model", MODELS[0]]);
    let started = std::time::Instant::now();
    while fake.journal().len() < 2 && started.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    let stopped = env.wait(child).exits(130);
    assert!(stopped.stderr.contains("--resume"), "{stopped:?}");
    let before = fake.journal().len();
    let resumed =
        env.run(&["logs", "analyze", "--model", MODELS[0], "--resume", "--json"]).exits(0);
    assert_eq!(resumed.json()["stop"], "finished");
    // The first request and its tool call are not paid for again.
    assert_eq!(fake.journal().len(), before + 1);
    assert!(run.join("turn_1/analysis.json").is_file());
    env.run(&["logs", "analyze", "--model", MODELS[1], "--resume"]).exits(3);
}

#[test]
fn a_dry_run_sends_nothing() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    let run = env.unpack_run("single_ok");
    let estimate =
        env.run(&["logs", "analyze", "--model", MODELS[0], "--dry-run", "--json"]).exits(0).json();
    assert!(estimate["prompt_tokens"].as_u64().unwrap() > 500);
    let cost = &estimate["cost_usd"];
    assert!(
        cost["low"].as_f64() < cost["expected"].as_f64()
            && cost["expected"].as_f64() < cost["worst"].as_f64(),
        "{estimate}"
    );
    let unpriced = env.run(&["logs", "analyze", "--model", "openai/gpt-99", "--dry-run"]).exits(0);
    assert!(
        unpriced.stdout.contains("unknown") && unpriced.stdout.contains("Nothing was sent"),
        "{unpriced:?}"
    );
    assert!(fake.journal().is_empty() && !run.join("turn_1/analysis.json").exists());
}
