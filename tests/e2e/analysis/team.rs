//! Several `--model`s: each analyses on its own, and what they found is settled into one report.

use massgen_harness::{FakeLlm, Step};
use serde_json::{Value, json};

use crate::{MODELS, env_with, holds_a_key};

const EVENTS: &str = "turn_1/attempt_1/events.jsonl";
const TRUE: &str = "Error executing tool flaky: backend unavailable (attempt 1)";

fn report(summary: &str, findings: &[(&str, u64, &str)]) -> Step {
    let findings: Vec<Value> = findings
        .iter()
        .map(|(title, line, quote)| {
            json!({"title": title, "severity": "high", "category": "errors", "claim": format!("{title} is so"), "recommendation": "r",
                   "evidence": [{"file": EVENTS, "line_start": line, "line_end": line, "quote": quote}]})
        })
        .collect();
    Step::text(json!({"summary": summary, "findings": findings}).to_string())
}

/// Each service has a fake of its own, so that each model's script is its own.
struct Stage {
    fakes: [FakeLlm; 3],
    env: massgen_harness::TestEnv,
    turn: std::path::PathBuf,
}

impl Stage {
    fn new() -> Self {
        let fakes = [FakeLlm::start(), FakeLlm::start(), FakeLlm::start()];
        let mut env = env_with(&fakes[0]);
        env.set("ANTHROPIC_BASE_URL", &fakes[1].url()).set("GEMINI_BASE_URL", &fakes[2].url());
        let turn = env.unpack_run("tool_failures").join("turn_1");
        Self { fakes, env, turn }
    }

    fn analyze(&self, models: &[&str], more: &[&str]) -> massgen_harness::Output {
        let mut args = vec!["logs", "analyze"];
        models.iter().for_each(|model| args.extend(["--model", model]));
        args.extend(more);
        self.env.run(&args)
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.turn.join(name)).unwrap()).unwrap()
    }
}

fn titles(document: &Value) -> Vec<(String, usize)> {
    let findings = document["findings"].as_array().unwrap();
    let models = |finding: &Value| finding["agreement"]["models"].as_array().unwrap().len();
    let title = |finding: &Value| finding["title"].as_str().unwrap().to_string();
    findings.iter().map(|finding| (title(finding), models(finding))).collect()
}

#[test]
fn what_several_find_is_one_finding_and_each_report_is_kept() {
    let stage = Stage::new();
    let lie = ("made up", 20, "the server room was on fire");
    stage.fakes[0].script([report("first", &[("flaky", 20, TRUE), lie])]);
    stage.fakes[1].script([report("second", &[("backend down", 20, TRUE)])]);
    stage.fakes[2].script([report("third", &[("alone", 3, "custom_tool__explode")])]);
    let done = stage.analyze(&MODELS, &["--json"]).exits(0);
    let document = done.json();
    let field = |name: &str| document[name].clone();
    assert_eq!((field("schema"), field("stop")), ("analysis/1".into(), "finished".into()));
    assert_eq!(document["model"]["provider"], "team");
    let expect = [("flaky".to_string(), 2), ("alone".to_string(), 1), ("made up".to_string(), 1)];
    assert_eq!(titles(&document), expect, "{document:#}");
    let agreement = &document["findings"][0]["agreement"];
    assert_eq!(agreement["models"], json!([MODELS[0], MODELS[1]]));
    assert_eq!((&agreement["of"], &agreement["words_of"]), (&3.into(), &MODELS[0].into()));
    assert_eq!(agreement["others"][0]["claim"], "backend down is so");
    assert_eq!(document["findings"][2]["verified"], false);
    assert_eq!(document["usage"]["requests"], 3);
    let team = document["team"].as_array().unwrap();
    let cost: f64 = team.iter().map(|member| member["cost_usd"].as_f64().unwrap()).sum();
    assert!((document["cost_usd"].as_f64().unwrap() - cost).abs() < 1e-12 && cost > 0.0);
    for (member, name) in team.iter().zip([
        "openai-gpt-6-luna",
        "anthropic-claude-haiku-5-5",
        "google-gemini-3.5-flash-lite",
    ]) {
        assert_eq!(member["report"], format!("analysis.{name}.json"));
        let own = stage.read(&format!("analysis.{name}.json"));
        assert_eq!(own["schema"], "analysis/1");
        assert_eq!(own["findings"].as_array().unwrap().len() as u64, member["findings"]);
        assert!(own.get("team").is_none() && own["findings"][0].get("agreement").is_none());
        assert!(stage.turn.join(format!("ANALYSIS_REPORT.{name}.md")).is_file());
        assert!(stage.turn.join(format!("analysis.{name}.transcript.jsonl")).is_file());
    }
    assert_eq!(stage.read("analysis.json")["findings"], document["findings"]);
    let text = std::fs::read_to_string(stage.turn.join("ANALYSIS_REPORT.md")).unwrap();
    for part in [
        "a team of 3: `openai/gpt-6-luna`, `anthropic/claude-haiku-5-5`",
        "> Found by 2 of 3 models: `openai/gpt-6-luna`, `anthropic/claude-haiku-5-5`.",
        "> Found by `google/gemini-3.5-flash-lite` only, of 3 models.",
        "- `anthropic/claude-haiku-5-5`: backend down is so",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!holds_a_key(&format!("{text}{document}{}", done.stderr)));
    let kept = stage.analyze(&MODELS, &[]).exits(3);
    assert!(kept.stderr.contains("there is a report already"), "{kept:?}");
    assert!(stage.fakes.iter().all(|fake| fake.journal().len() == 1), "nothing more was paid");
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let mut stage = Stage::new();
    let refused = json!({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}});
    stage.fakes[0].script([Step::error(401, &refused)]);
    stage.fakes[1].script([report("second", &[("flaky", 20, TRUE)])]);
    stage.env.unset("GEMINI_API_KEY");
    let done = stage.analyze(&MODELS, &["--json"]).exits(0);
    let told = "openai/gpt-6-luna gave nothing: openai does not accept the key";
    assert!(done.stderr.contains(told), "{done:?}");
    let document = done.json();
    assert_eq!(titles(&document), [("flaky".to_string(), 1)]);
    assert_eq!(document["findings"][0]["agreement"]["of"], 1, "one gave findings");
    let stops: Vec<&Value> =
        document["team"].as_array().unwrap().iter().map(|member| &member["stop"]).collect();
    assert_eq!(stops, [&json!("unavailable"), &json!("finished"), &Value::Null]);
    assert!(document["notices"][0].as_str().unwrap().contains("does not accept the key"));
    assert!(document["notices"][1].as_str().unwrap().contains("google/"), "{document:#}");
    assert!(!stage.turn.join("analysis.openai-gpt-6-luna.json").exists());
    // If nobody gives anything, the first's failure is the command's.
    stage.fakes[0].script([Step::error(401, &refused)]);
    let none = stage.analyze(&[MODELS[0], MODELS[2]], &["--force"]).exits(4);
    assert!(none.stderr.contains("error: openai does not accept the key"), "{none:?}");
    assert_eq!(stage.read("analysis.json")["team"].as_array().unwrap().len(), 3, "kept");
}

#[test]
fn a_limit_on_cost_is_one_for_all() {
    let mut stage = Stage::new();
    let dry = |stage: &Stage, more: &[&str]| {
        let args = [&["--dry-run", "--json"], more].concat();
        stage.analyze(&MODELS[..2], &args).exits(0).json()
    };
    let free = dry(&stage, &[]);
    let sum = |key: &str| {
        let team = free["team"].as_array().unwrap();
        team.iter().map(|member| member["cost_usd"][key].as_f64().unwrap()).sum::<f64>()
    };
    for key in ["low", "expected", "worst"] {
        assert!((free["cost_usd"][key].as_f64().unwrap() - sum(key)).abs() < 1e-9, "{free:#}");
    }
    assert_eq!((&free["sent"], free["team"].as_array().unwrap().len()), (&false.into(), 2));
    let limit = sum("low") / 2.0;
    let bounded = dry(&stage, &["--max-cost", &limit.to_string()]);
    assert!(bounded["cost_usd"]["worst"].as_f64().unwrap() <= limit + 1e-12, "{bounded:#}");
    let refused = stage.analyze(&MODELS[..2], &["--max-cost", &limit.to_string()]).exits(3);
    assert!(refused.stderr.contains("too small for even one request"), "{refused:?}");
    assert!(stage.fakes.iter().all(|fake| fake.journal().is_empty()));
    let counted = dry(&stage, &["--exact"]);
    assert_eq!(counted["prompt_tokens"], 2 * massgen_harness::COUNTED_TOKENS);
    stage.env.unset("OPENAI_API_KEY");
    let half = stage.analyze(&MODELS[..2], &["--dry-run", "--exact", "--json"]).exits(0).json();
    assert_eq!((&half["prompt_tokens_counted"], &half["sent"]), (&false.into(), &true.into()));
    assert!(half["team"][0]["not_counted"].is_string() && half["team"][1]["not_counted"].is_null());
    let text = stage.analyze(&MODELS[..2], &["--dry-run"]).exits(0).stdout;
    assert!(
        text.contains("Together   at least $") && text.matches("Nothing was sent.").count() == 2
    );
}

#[test]
fn who_makes_no_team_is_told() {
    let stage = Stage::new();
    for (models, says) in [
        (&["gpt-4o", "openai/gpt-4o"][..], "openai/gpt-4o is named twice"),
        (&["gpt-4o", "none"][..], "--model none is no member of a team"),
        (&["gpt-4o", "opnai/x"][..], "opnai"),
        (&["gpt-4o"; 9][..], "9 models are too many"),
    ] {
        let refused = stage.analyze(models, &[]).exits(2);
        assert!(refused.stderr.contains(says), "{says}: {refused:?}");
    }
    assert!(stage.fakes.iter().all(|fake| fake.journal().is_empty()));
}

#[test]
fn a_team_that_was_interrupted_goes_on_without_paying_twice() {
    let stage = Stage::new();
    stage.fakes[0].script([report("first", &[("flaky", 20, TRUE)])]);
    stage.fakes[1].script([
        Step::calls(&[("list_files", json!({"path": null}))]),
        Step::text("x".repeat(400)).stall_after(3),
    ]);
    let models = [MODELS[0], MODELS[1]];
    let args = ["logs", "analyze", "--model", models[0], "--model", models[1]];
    let child = stage.env.start(&args);
    let started = std::time::Instant::now();
    while stage.fakes[1].journal().len() < 2 && started.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    stage.env.wait(child).exits(130);
    let resumed = stage.analyze(&models, &["--resume", "--json"]).exits(0).json();
    assert_eq!(resumed["stop"], "finished");
    assert_eq!(titles(&resumed), [("flaky".to_string(), 1)]);
    let asked: Vec<usize> = stage.fakes.iter().map(|fake| fake.journal().len()).collect();
    assert_eq!(asked, [1, 3, 0]);
}
