//! What goes wrong, each with its exit code, one message and a hint; no report is lost and no key printed.

use std::time::Duration;

use massgen_harness::{FakeLlm, Output, Step};
use serde_json::json;

use crate::{MODELS, env_with, holds_a_key};

/// Runs an analysis of `model` with an older report in place; gives the output, the number of requests and
/// whether the report is still the old one.
fn fault(
    model: &str,
    steps: Vec<Step>,
    args: &[&str],
    change: impl FnOnce(&mut massgen_harness::TestEnv),
) -> (Output, usize, bool) {
    let fake = FakeLlm::start();
    let mut env = env_with(&fake);
    env.write("home/.config/massgen/config.toml", "[network]\nidle_timeout = \"700ms\"\n");
    let run = env.unpack_run("three_vote");
    let report = run.join("turn_1/ANALYSIS_REPORT.md");
    std::fs::write(&report, "the old report").unwrap();
    fake.script(steps);
    change(&mut env);
    let mut all = vec!["logs", "analyze", "--mode", "self", "--force"];
    if !model.is_empty() {
        all.extend(["--model", model]);
    }
    all.extend(args);
    let output = env.run(&all);
    assert!(!holds_a_key(&format!("{}{}", output.stdout, output.stderr)), "{output:?}");
    let kept = std::fs::read_to_string(&report).unwrap() == "the old report";
    (output, fake.journal().len(), kept)
}

fn check(model: &str, steps: Vec<Step>, code: i32, requests: usize, says: &str) {
    let (output, seen, kept) = fault(model, steps, &[], |_| {});
    let output = output.exits(code);
    assert_eq!(seen, requests, "{model} {says}: {output:?}");
    assert_eq!(
        kept,
        code == 4,
        "{model} {says}: a report is replaced only when there is something new"
    );
    if code != 0 {
        assert_eq!(output.stderr.matches("error:").count(), 1, "{output:?}");
        assert!(
            output.stderr.contains("hint:") && output.stderr.contains(says),
            "{model} wants {says:?}: {output:?}"
        );
    }
}

fn error_of(model: &str, kind: &str) -> Step {
    let (status, openai, anthropic, google) = match kind {
        "auth" => (401, "invalid_api_key", "authentication_error", "UNAUTHENTICATED"),
        "quota" => (429, "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED"),
        "model" => (404, "model_not_found", "not_found_error", "NOT_FOUND"),
        "context" => (400, "context_length_exceeded", "invalid_request_error", "INVALID_ARGUMENT"),
        _ => (500, "server_error", "api_error", "INTERNAL"),
    };
    let message = match kind {
        "quota" => "You exceeded your current quota, please check your plan and billing details.",
        "context" => {
            "prompt is too long: the input token count (9) exceeds the maximum number of tokens allowed (1)"
        }
        _ => "it went wrong at the service",
    };
    Step::error(
        status,
        &match model.split('/').next() {
            Some("openai") => json!({"error": {"message": message, "type": "x", "code": openai}}),
            Some("anthropic") => {
                json!({"type": "error", "error": {"type": anthropic, "message": message}})
            }
            _ => json!({"error": {"code": status, "message": message, "status": google}}),
        },
    )
}

#[test]
fn the_services_errors() {
    for model in MODELS {
        check(model, vec![error_of(model, "auth")], 4, 1, "does not accept the key");
        check(model, vec![error_of(model, "quota")], 4, 1, "credit or quota");
        check(model, vec![error_of(model, "model")], 4, 1, "does not know the model");
        check(model, vec![error_of(model, "context")], 5, 1, "does not fit");
        check(model, vec![error_of(model, "server"); 3], 4, 3, "can't be reached or fails");
        check(model, vec![error_of(model, "server")], 0, 3, "");
        check(model, vec![Step::refusal()], 5, 1, "refused");
    }
}

#[test]
fn broken_replies() {
    for model in MODELS {
        check(model, vec![Step::text("word ".repeat(100)).cut_after(5)], 5, 1, "broke off");
        check(model, vec![Step::text("word ".repeat(100)).stall_after(5)], 5, 1, "stopped coming");
        // Google's first event is text already: what was shown is not asked for again.
        let requests = if model.starts_with("google") { 1 } else { 3 };
        check(
            model,
            vec![Step::text("word ".repeat(100)).malformed(); 3],
            5,
            requests,
            "broke off or can't be understood",
        );
        check(
            model,
            vec![Step::text("no report"), Step::text("none"), Step::text("none")],
            5,
            3,
            "no JSON",
        );
    }
}

#[test]
fn a_service_that_asks_to_wait_is_waited_for() {
    let busy = Step::error(
        429,
        &json!({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}),
    )
    .header("retry-after", "2");
    let (output, requests, kept) = fault(MODELS[0], vec![busy], &[], |_| {});
    let output = output.exits(0);
    assert!(output.took >= Duration::from_secs(2) && requests == 3 && !kept, "{output:?}");
    assert!(output.stderr.contains("trying again in 2.0 s"), "{output:?}");
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let (output, _, kept) =
        fault(MODELS[0], vec![Step::text("late").delay_ms(12_000)], &["--timeout", "1s"], |_| {});
    assert!(output.exits(4).took < Duration::from_secs(11) && kept);
}

#[test]
fn before_anything_is_sent() {
    let (no_key, requests, kept) = fault(MODELS[0], vec![], &[], |env| {
        env.unset("OPENAI_API_KEY");
    });
    assert!(no_key.exits(4).stderr.contains("OPENAI_API_KEY is not set") && requests == 0 && kept);
    let (placeholder, requests, _) = fault(MODELS[2], vec![], &[], |env| {
        env.set("GEMINI_API_KEY", "your-gemini-key-here");
    });
    assert!(
        placeholder.exits(4).stderr.contains("GEMINI_API_KEY or GOOGLE_API_KEY") && requests == 0
    );
    let (gone, _, kept) = fault(MODELS[1], vec![], &[], |env| {
        env.set("ANTHROPIC_BASE_URL", "http://127.0.0.1:9");
    });
    let gone = gone.exits(4);
    assert!(gone.stderr.contains("failed to connect to http://127.0.0.1:9") && kept, "{gone:?}");
    let (insecure, requests, _) = fault(MODELS[0], vec![], &[], |env| {
        env.set("OPENAI_BASE_URL", "http://198.51.100.7/v1");
    });
    assert!(insecure.exits(2).stderr.contains("must use https") && requests == 0);
    let (tiny, requests, kept) = fault(MODELS[0], vec![], &["--max-cost", "0.0001"], |_| {});
    assert!(tiny.exits(3).stderr.contains("too small") && requests == 0 && kept);
    let (unpriced, requests, _) = fault("openai/gpt-99", vec![], &["--max-cost", "1"], |_| {});
    assert!(
        unpriced.exits(3).stderr.contains("price of openai/gpt-99 is unknown") && requests == 0
    );
    let (nobody, requests, _) = fault("opnai/gpt-4o", vec![], &[], |_| {});
    assert!(nobody.exits(2).stderr.contains("near: openai") && requests == 0);
}

#[test]
fn an_unknown_model_names_three_near_ones() {
    let (output, _, _) =
        fault("openai/gpt-6-lunar", vec![error_of(MODELS[0], "model")], &["--json"], |_| {});
    let output = output.exits(4);
    let json = output.json();
    assert_eq!(
        (json["kind"].as_str(), json["http_status"].as_u64()),
        (Some("model-unknown"), Some(404))
    );
    let hint = json["hints"][0].as_str().unwrap();
    assert_eq!(hint.matches("openai/").count(), 3, "{hint}");
}

#[test]
fn an_exhausted_budget_keeps_what_there_is() {
    let look = || Step::calls(&[("list_files", json!({"path": null}))]);
    let (output, requests, kept) =
        fault(MODELS[0], vec![look(), look(), look()], &["--max-steps", "3", "--json"], |_| {});
    let output = output.exits(5);
    assert_eq!((requests, kept), (3, false));
    assert_eq!(output.json()["stop"], "steps", "{output:?}");
}
