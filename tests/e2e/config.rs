//! Who decides: flags, environment, files, keys; and what a project may not decide.

use massgen_harness::FakeLlm;
use serde_json::Value;

use crate::{env, env_with};

#[test]
fn the_strongest_origin_wins_and_is_named() {
    let fake = FakeLlm::start();
    let mut env = env_with(&fake);
    env.unpack_run("single_ok");
    let chosen = |env: &massgen_harness::TestEnv, args: &[&str]| {
        let mut all = vec!["models", "show", "--json"];
        all.extend(args);
        let model = env.run(&all).exits(0).json();
        (
            model["model"].as_str().unwrap().to_string(),
            model["origin"].as_str().unwrap().to_string(),
        )
    };
    assert_eq!(
        chosen(&env, &[]),
        ("gemini-3.5-flash-lite".into(), "the first provider with a usable key".into())
    );
    env.write(
        "home/.config/massgen/config.toml",
        "[analysis]\nmodel = \"fast\"\n[aliases]\nfast = \"anthropic/claude-haiku-5-5\"\n",
    );
    assert_eq!(chosen(&env, &[]).0, "claude-haiku-5-5");
    env.write("project/.massgen/config.toml", "[analysis]\nmodel = \"openai/gpt-6-luna\"\n");
    let (model, origin) = chosen(&env, &[]);
    assert!(model == "gpt-6-luna" && origin.ends_with(".massgen/config.toml"), "{origin}");
    env.set("MASSGEN_MODEL", "gpt-4o");
    assert_eq!(chosen(&env, &[]), ("gpt-4o".into(), "MASSGEN_MODEL".into()));
    env.set("MASSGEN_ANALYZE_MODEL", "gpt-5.2");
    assert_eq!(chosen(&env, &[]), ("gpt-5.2".into(), "MASSGEN_ANALYZE_MODEL".into()));
    assert_eq!(chosen(&env, &["gemini/gemini-3.8-flash"]).0, "gemini-3.8-flash");
    let told = env.run(&["logs", "analyze", "--mode", "self"]).exits(0);
    assert!(
        told.stderr.contains("Model: openai/gpt-5.2 (from MASSGEN_ANALYZE_MODEL)."),
        "{told:?}"
    );
}

#[test]
fn a_project_never_moves_traffic() {
    let (right, wrong) = (FakeLlm::start(), FakeLlm::start());
    let env = env_with(&right);
    env.unpack_run("single_ok");
    let elsewhere = format!("{}/v1", wrong.url());
    env.write("project/.massgen/config.toml", &format!("[analysis]\nmodel = \"openai/gpt-6-luna\"\n[providers.openai]\nbase_url = \"{elsewhere}\"\napi_key_env = \"HOME\"\n"));
    env.write("project/.env", &format!("OPENAI_BASE_URL={elsewhere}\nMASSGEN_CONFIG_DIR=/tmp/evil\nMASSGEN_CACHE_DIR=/tmp/evil\n"));
    let output = env.run(&["logs", "analyze", "--mode", "self"]).exits(0);
    assert!(
        output.stderr.contains("config.toml:4: `providers.openai.base_url` is refused"),
        "{output:?}"
    );
    assert!(output.stderr.contains(".env sets OPENAI_BASE_URL"), "{output:?}");
    assert_eq!((right.journal().len(), wrong.journal().len()), (2, 0));
}

#[test]
fn a_projects_env_file_brings_a_key() {
    let fake = FakeLlm::start();
    let mut env = env();
    env.set("OPENAI_BASE_URL", &format!("{}/v1", fake.url()));
    env.unpack_run("single_ok");
    env.write("project/.env", "OPENAI_API_KEY='sentinel-key-openai-1' # mine\n");
    let output = env.run(&["logs", "analyze", "--model", "openai/gpt-6-luna"]).exits(0);
    assert!(!output.stderr.contains("sentinel"), "{output:?}");
    let sent = fake.journal()[0]
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .map(|(_, value)| value.clone());
    assert_eq!(sent.as_deref(), Some("Bearer sentinel-key-openai-1"));
}

#[test]
fn the_configuration_tells_where_each_value_comes_from() {
    let mut env = env();
    env.write("home/.config/massgen/config.toml", "[analysis]\nmax_cost = 0.5\nmodle = \"x\"\n");
    let shown = env.run(&["config", "show", "--json"]).exits(0);
    assert_eq!(shown.json()["values"][0]["key"], "analysis.max_cost");
    let default = |key: &str| -> Value {
        let settings = shown.json()["settings"].as_array().unwrap().clone();
        settings.iter().find(|setting| setting["key"] == key).unwrap()["default"].clone()
    };
    assert_eq!(default("analysis.max_steps"), "24");
    assert_eq!(default("network.total_timeout"), "10m");
    assert_eq!(default("analysis.max_cost"), Value::Null);
    assert!(shown.stderr.contains("config.toml:3: unknown key `analysis.modle`"), "{shown:?}");
    env.set("MASSGEN_MODEL", "ollama/qwen3");
    let shown = env.run(&["config", "show"]).exits(0);
    for line in ["ollama/qwen3  MASSGEN_MODEL in the environment", "[default: 24]"] {
        assert!(shown.stdout.contains(line), "{shown:?}");
    }
    assert!(env.run(&["config", "path"]).exits(0).stdout.contains(".config/massgen/config.toml"));
}

#[test]
fn values_are_set_and_taken_away_and_comments_stay() {
    let env = env();
    env.write("home/.config/massgen/config.toml", "# mine\n[analysis]\nmax_steps = 9 # enough\n");
    let file = env.home().join(".config/massgen/config.toml");
    let set = |args: &[&str]| env.run(&[&["config"], args].concat());
    set(&["set", "analysis.model", "openai/gpt-6-luna"]).exits(0);
    set(&["set", "analysis.max_steps", "12"]).exits(0);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "# mine\n[analysis]\nmax_steps = 12 # enough\nmodel = \"openai/gpt-6-luna\"\n"
    );
    assert_eq!(env.run(&["models", "show", "--json"]).json()["model"], "gpt-6-luna");
    set(&["unset", "analysis.model"]).exits(0);
    set(&["unset", "analysis.max_steps"]).exits(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "# mine\n[analysis]\n");
    assert!(set(&["unset", "analysis.model"]).exits(1).stderr.contains("is not set"));
    assert!(
        set(&["set", "analysis.modle", "x"])
            .exits(2)
            .stderr
            .contains("did you mean analysis.model?")
    );
    assert!(
        set(&["set", "providers.openai.base_url", "https://x", "--in-project"])
            .exits(2)
            .stderr
            .contains("never read")
    );
    set(&["set", "analysis.max_cost", "0.5", "--in-project"]).exits(0);
    assert!(env.project().join(".massgen/config.toml").is_file());
}

#[test]
fn prices_of_ones_own_are_used_and_a_project_has_no_say() {
    let env = env();
    env.unpack_run("single_ok");
    let dry = || {
        let args = ["logs", "analyze", "--model", "vllm/big", "--dry-run", "--json"];
        env.run(&args).exits(0).json()["cost_usd"].clone()
    };
    assert!(dry()["worst"].is_null());
    env.write(
        "project/.massgen/config.toml",
        "[models.\"vllm/big\"]\ninput_per_mtok = 0\noutput_per_mtok = 0\n",
    );
    assert!(dry()["worst"].is_null());
    let set = |what: &str, usd: &str| {
        env.run(&["config", "set", &format!("models.\"vllm/big\".{what}_per_mtok"), usd]).exits(0)
    };
    // Half a price is none, and every command says so until it is whole.
    let half =
        "your price of vllm/big is not used: it has input_per_mtok and lacks output_per_mtok";
    assert!(set("input", "1.5").stderr.contains(half));
    assert!(dry()["worst"].is_null());
    let shown = env.run(&["models", "show", "vllm/big"]).exits(0);
    assert!(shown.stderr.contains(half), "{shown:?}");
    set("output", "6");
    assert!(!env.run(&["models", "show", "vllm/big"]).exits(0).stderr.contains("not used"));
    let cost = dry();
    assert!(
        cost["low"].as_f64() > Some(0.0) && cost["low"].as_f64() < cost["worst"].as_f64(),
        "{cost}"
    );
    set("cache_read", "0.15");
    set("cache_write", "3");
    let price = env.run(&["models", "show", "vllm/big", "--json"]).json()["price"].clone();
    assert_eq!((&price["input_per_mtok"], &price["output_per_mtok"]), (&1.5.into(), &6.0.into()));
    let cache = (&price["cache_read_per_mtok"], &price["cache_write_per_mtok"]);
    assert_eq!(cache, (&0.15.into(), &3.0.into()));
    // The worst is a prompt that is written to the cache as a whole.
    assert!(dry()["low"].as_f64() > cost["low"].as_f64());
}

#[test]
fn the_choice_of_a_model_is_explained() {
    let mut env = env();
    env.unpack_run("single_ok");
    env.set("MASSGEN_MODEL", "gpt-4o").set("OPENAI_API_KEY", "k-1");
    env.write("home/.config/massgen/config.toml", "[analysis]\nmodel = \"fast\"\n");
    let told = env.run(&["logs", "analyze", "--mode", "self", "--explain-model", "--dry-run"]);
    for line in [
        "1. --model: nothing",
        "3. MASSGEN_MODEL: gpt-4o (decides)",
        "5. analysis.model of yours: fast (not asked)",
        "6. providers with a key of their own: openai\n",
        "Model: openai/gpt-4o (from MASSGEN_MODEL).",
    ] {
        assert!(told.stderr.contains(line), "{line}: {told:?}");
    }
}

#[test]
fn a_nonsense_value_is_refused_with_the_accepted_ones() {
    let env = env();
    for (key, nonsense, accepted) in [
        ("isolation.net", "maybe", "allow, deny"),
        ("isolation.protect", "yes", "auto, require, audit, off"),
        ("isolation.caches", "none", "shared, private"),
        ("analysis.reasoning", "enormous", "off, low, medium, high"),
        ("analysis.stream", "perhaps", "true or false"),
        ("analysis.max_cost", "cheap", "US dollars"),
        ("analysis.max_cost", "-1", "US dollars"),
        ("analysis.max_tokens", "many", "a whole number"),
        ("analysis.max_steps", "1.5", "a whole number"),
        ("analysis.timeout", "soon", "90s, 10m, 1h30m or 7d"),
        ("network.connect_timeout", "fast", "90s, 10m, 1h30m or 7d"),
        ("network.idle_timeout", "-1s", "90s, 10m, 1h30m or 7d"),
        ("network.total_timeout", "", "90s, 10m, 1h30m or 7d"),
        ("network.max_retries", "-2", "a whole number"),
        ("providers.openai.base_url", "nowhere", "a URL such as"),
        ("providers.openai.base_url", "https://", "a URL such as"),
        ("providers.openai.api_key_env", "MY KEY", "an environment variable"),
        ("analysis.model", " ", "a text"),
    ] {
        let refused = env.run(&["config", "set", key, "--", nonsense]).exits(2);
        assert!(refused.stderr.contains(accepted), "{key} {nonsense:?}: {}", refused.stderr);
    }
    for (key, value) in [
        ("isolation.net", "deny"),
        ("analysis.timeout", "1h30m"),
        ("network.idle_timeout", "1d"),
        ("network.connect_timeout", "500ms"),
        ("providers.openai.base_url", "http://[::1]:9/v1"),
    ] {
        env.run(&["config", "set", key, value]).exits(0);
    }
}
