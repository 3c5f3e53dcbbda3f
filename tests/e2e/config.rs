//! Who decides: flags, environment, files, keys; and what a project may not decide.

use massgen_harness::FakeLlm;

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
    let env = env();
    env.write("home/.config/massgen/config.toml", "[analysis]\nmax_cost = 0.5\nmodle = \"x\"\n");
    let shown = env.run(&["config", "show", "--json"]).exits(0);
    assert_eq!(shown.json()["values"][0]["key"], "analysis.max_cost");
    assert!(shown.stderr.contains("config.toml:3: unknown key `analysis.modle`"), "{shown:?}");
    assert!(env.run(&["config", "path"]).exits(0).stdout.contains(".config/massgen/config.toml"));
}
