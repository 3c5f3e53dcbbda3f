//! `--exact`: the prompt's tokens as the service counts them, or an estimate that says that it is one.

use massgen_harness::{COUNTED_TOKENS, FakeLlm, Step, TestEnv};
use serde_json::{Value, json};

use crate::{MODELS, env_with, holds_a_key};

fn dry(env: &TestEnv, model: &str, exact: &[&str]) -> Value {
    let args = ["logs", "analyze", "--model", model, "--dry-run", "--json"];
    env.run(&[&args, exact].concat()).exits(0).json()
}

#[test]
fn every_service_that_counts_is_asked_for_the_prompt_and_nothing_else() {
    let fake = FakeLlm::start();
    let mut env = env_with(&fake);
    env.set("AWS_BEARER_TOKEN_BEDROCK", "sentinel-key-4").set("BEDROCK_BASE_URL", &fake.url());
    env.set("VERTEX_API_KEY", "sentinel-key-5").set("VERTEX_BASE_URL", &fake.url());
    let run = env.unpack_run("single_ok");
    for (model, path) in [
        (MODELS[0], "/v1/responses/input_tokens"),
        (MODELS[1], "/v1/messages/count_tokens"),
        (MODELS[2], "/v1/models/gemini-3.5-flash-lite:countTokens"),
        ("google/gemini-flash-latest", "/v1beta/models/gemini-flash-latest:countTokens"),
        ("vertex/gemini-4-argon", "/v1/publishers/google/models/gemini-4-argon:countTokens"),
        ("bedrock/us.anthropic.claude-haiku-5-5", "/model/anthropic.claude-haiku-5-5/count-tokens"),
    ] {
        let before = fake.journal().len();
        let estimated = dry(&env, model, &[]);
        assert_eq!(fake.journal().len(), before, "{model}: an estimate asks nobody");
        let plain = (&estimated["prompt_tokens_counted"], &estimated["sent"]);
        assert_eq!(plain, (&false.into(), &false.into()));
        assert!(estimated["prompt_tokens"].as_u64() > Some(COUNTED_TOKENS), "{estimated}");
        let counted = dry(&env, model, &["--exact"]);
        assert_eq!(counted["prompt_tokens"], COUNTED_TOKENS, "{model}: {counted}");
        assert_eq!(counted["prompt_tokens_counted"], true, "{model}");
        assert_eq!((&counted["sent"], &counted["not_counted"]), (&true.into(), &Value::Null));
        let low = |estimate: &Value| estimate["cost_usd"]["low"].as_f64();
        if low(&estimated).is_some() {
            assert!(low(&counted) < low(&estimated), "{model}: {counted}");
        }
        let journal = fake.journal();
        assert_eq!(journal.len(), before + 1, "{model}");
        assert_eq!(journal[before].path, path);
        let body = journal[before].body.to_string();
        assert!(body.contains("list_files") && !holds_a_key(&body), "{model}: tools are counted");
    }
    assert!(!run.join("turn_1/analysis.json").exists());
}

#[test]
fn the_text_says_which_of_both_it_is() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    env.unpack_run("single_ok");
    let text = |more: &[&str]| {
        let args = ["logs", "analyze", "--model", MODELS[1], "--dry-run"];
        env.run(&[&args, more].concat()).exits(0).stdout
    };
    let estimated = text(&[]);
    assert!(estimated.contains("tokens (estimated)"), "{estimated}");
    assert!(estimated.contains("Nothing was sent."), "{estimated}");
    let counted = text(&["--exact"]);
    assert!(counted.contains(" 500 tokens (counted by anthropic)"), "{counted}");
    let sent = "The prompt was sent to anthropic to be counted. No model was asked.";
    assert!(counted.contains(sent), "{counted}");
}

#[test]
fn a_service_that_counts_nothing_gets_nothing_and_the_estimate_says_so() {
    let fake = FakeLlm::start();
    let mut env = env_with(&fake);
    env.set("XAI_API_KEY", "sentinel-key-6").set("XAI_BASE_URL", &format!("{}/v1", fake.url()));
    env.set("OLLAMA_HOST", &fake.url());
    env.unpack_run("single_ok");
    for model in ["xai/grok-4.3", "ollama/llama3.2"] {
        let args = ["logs", "analyze", "--model", model, "--dry-run", "--exact"];
        let shown = env.run(&args).exits(0);
        let warned =
            format!("the prompt for {model} are an estimate: the service does not count tokens");
        assert!(shown.stderr.contains(&warned), "{shown:?}");
        assert!(shown.stdout.contains("tokens (estimated)"), "{shown:?}");
        assert!(shown.stdout.contains("Nothing was sent."), "{shown:?}");
        let document = dry(&env, model, &["--exact"]);
        assert_eq!(document["not_counted"], "the service does not count tokens");
        assert_eq!(document["sent"], false);
    }
    assert!(fake.journal().is_empty());
}

#[test]
fn a_count_that_fails_is_explained_and_leaves_the_estimate() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    env.unpack_run("single_ok");
    let estimated = dry(&env, MODELS[0], &[])["prompt_tokens"].clone();
    let refused = json!({"error": {"message": "Incorrect API key sentinel-key-openai-1", "code": "invalid_api_key"}});
    let unknown = json!({"error": {"message": "Invalid URL (POST /v1/responses/input_tokens)"}});
    for (step, says) in [
        (Step::error(401, &refused), "openai does not accept the key"),
        (Step::error(404, &unknown), "Invalid URL"),
        (Step::error(503, &json!({})), "openai can't be reached or fails"),
        (Step::text("").malformed(), "the token count is not valid JSON"),
    ] {
        fake.script_counts([step]);
        let args = ["logs", "analyze", "--model", MODELS[0], "--dry-run", "--exact", "--json"];
        let shown = env.run(&args).exits(0);
        assert!(shown.stderr.contains(says), "{says}: {shown:?}");
        assert!(!holds_a_key(&format!("{}{}", shown.stdout, shown.stderr)), "{shown:?}");
        let document = shown.json();
        assert_eq!(document["prompt_tokens"], estimated, "{says}");
        assert_eq!(document["prompt_tokens_counted"], false, "{says}");
        assert!(document["not_counted"].as_str().unwrap().contains(says), "{document}");
    }
    let mut keyless = env_with(&fake);
    keyless.unset("OPENAI_API_KEY");
    keyless.unpack_run("single_ok");
    let args = ["logs", "analyze", "--model", MODELS[0], "--dry-run", "--exact"];
    let shown = keyless.run(&args).exits(4);
    assert!(shown.stderr.contains("OPENAI_API_KEY"), "{shown:?}");
}

#[test]
fn what_the_service_refuses_is_left_out_of_the_count_too() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    env.unpack_run("single_ok");
    let error = json!({"error": {"message": "no such effort", "param": "reasoning.effort"}});
    fake.script_counts([Step::error(400, &error)]);
    let counted = dry(&env, MODELS[0], &["--exact", "--reasoning", "high"]);
    assert_eq!(counted["prompt_tokens"], COUNTED_TOKENS, "{counted}");
    let journal = fake.journal();
    assert_eq!(journal.len(), 2);
    assert!(journal[0].body["reasoning"].is_object() && journal[1].body["reasoning"].is_null());
}

#[test]
fn a_budget_that_holds_the_counted_prompt_is_enough() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    env.unpack_run("single_ok");
    let estimated = dry(&env, MODELS[0], &[])["prompt_tokens"].as_u64().unwrap();
    assert!(estimated > COUNTED_TOKENS + 200, "{estimated}");
    // A reply of 16,000 tokens is kept free for; between the two figures lies this limit.
    let limit = (16_000 + (estimated + COUNTED_TOKENS) / 2).to_string();
    let args = ["logs", "analyze", "--model", MODELS[0], "--max-tokens", &limit, "--json"];
    let refused = env.run(&args).exits(3);
    assert!(refused.stderr.contains("too small for even one request"), "{refused:?}");
    assert!(fake.journal().is_empty());
    let done = env.run(&[&args[..], &["--exact"]].concat()).exits(0);
    assert_eq!(done.json()["stop"], "finished");
    let paths: Vec<String> = fake.journal().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/responses/input_tokens", "/v1/responses"]);
}
