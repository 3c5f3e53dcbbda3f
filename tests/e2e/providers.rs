//! Providers beyond the first three: services of one component, services of the user's own, keys that are kept.

use massgen_harness::TestEnv;

use crate::env;

fn shown(env: &TestEnv, selector: &str) -> serde_json::Value {
    env.run(&["models", "show", selector, "--json"]).exits(0).json()
}

#[test]
fn every_service_has_its_key_and_its_place() {
    let mut env = env();
    for (provider, variable, endpoint) in [
        ("xai", "XAI_API_KEY", "https://api.x.ai/v1"),
        ("groq", "GROQ_API_KEY", "https://api.groq.com/openai/v1"),
        ("mistral", "MISTRAL_API_KEY", "https://api.mistral.ai/v1"),
        ("deepseek", "DEEPSEEK_API_KEY", "https://api.deepseek.com"),
        ("openrouter", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
        ("together", "TOGETHER_API_KEY", "https://api.together.xyz/v1"),
        ("fireworks", "FIREWORKS_API_KEY", "https://api.fireworks.ai/inference/v1"),
        ("cerebras", "CEREBRAS_API_KEY", "https://api.cerebras.ai/v1"),
        ("bedrock", "AWS_BEARER_TOKEN_BEDROCK", "https://bedrock-runtime.us-east-1.amazonaws.com"),
        ("vertex", "VERTEX_API_KEY", "https://aiplatform.googleapis.com"),
    ] {
        env.set(variable, "sentinel-key-9");
        let model = shown(&env, &format!("{provider}/a/b:c"));
        assert_eq!((&model["provider"], &model["model"]), (&provider.into(), &"a/b:c".into()));
        assert_eq!(model["endpoint"], endpoint, "{provider}");
        assert_eq!(model["key"]["source"], variable, "{provider}");
        assert!(!model.to_string().contains("sentinel"));
        env.unset(variable);
        assert_eq!(shown(&env, &format!("{provider}/x"))["key"]["present"], false, "{provider}");
    }
    for (provider, endpoint) in [
        ("ollama", "http://127.0.0.1:11434"),
        ("lmstudio", "http://127.0.0.1:1234/v1"),
        ("vllm", "http://127.0.0.1:8000/v1"),
    ] {
        assert_eq!(shown(&env, &format!("{provider}/x"))["endpoint"], endpoint);
    }
    env.set("OLLAMA_HOST", "0.0.0.0:9999").set("AWS_REGION", "eu-west-1");
    env.set("GOOGLE_CLOUD_LOCATION", "europe-west4");
    assert_eq!(shown(&env, "ollama/x")["endpoint"], "http://127.0.0.1:9999");
    assert_eq!(
        shown(&env, "bedrock/x")["endpoint"],
        "https://bedrock-runtime.eu-west-1.amazonaws.com"
    );
    assert_eq!(
        shown(&env, "vertex/x")["endpoint"],
        "https://europe-west4-aiplatform.googleapis.com"
    );
}

#[test]
fn a_service_of_ones_own_comes_from_the_users_configuration_only() {
    let mut env = env();
    env.unpack_run("single_ok");
    let own = "[providers.mine]\ntype = \"openai-compatible\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key_env = \"MY_KEY\"\n";
    env.write("project/.massgen/config.toml", own);
    let refused = env.run(&["models", "show", "mine/x"]).exits(2);
    assert!(refused.stderr.contains("`providers.mine.type` is refused"), "{refused:?}");
    env.write("home/.config/massgen/config.toml", own);
    let model = shown(&env, "mine/x");
    assert_eq!(
        (&model["endpoint"], &model["key"]["present"]),
        (&"http://127.0.0.1:9/v1".into(), &false.into())
    );
    env.set("MY_KEY", "sentinel-mine").set("OPENAI_API_KEY", "sentinel-openai");
    assert_eq!(shown(&env, "mine/x")["key"]["source"], "MY_KEY");
    let dead = env.run(&["logs", "analyze", "--model", "mine/x"]).exits(4);
    assert!(dead.stderr.contains("failed to connect to http://127.0.0.1:9"), "{dead:?}");
    env.write("home/.config/massgen/config.toml", "[providers.mine]\ntype = \"nonsense\"\n");
    let unknown = env.run(&["models", "--provider", "mine"]).exits(2);
    assert!(unknown.stderr.contains("there is no type \"nonsense\""), "{unknown:?}");
}

#[test]
fn keys_are_kept_shown_and_forgotten_without_being_printed() {
    let mut env = env();
    let file = "home/.config/massgen/credentials.toml";
    env.write(file, "[groq]\nkey = \"sentinel-kept\"\n");
    let path = env.home().join(".config/massgen/credentials.toml");
    let open = env.run(&["auth", "status", "groq", "--json"]).exits(0);
    assert!(open.stderr.contains("chmod 600"), "a file that others read is not used: {open:?}");
    assert_eq!(open.json()["providers"][0]["present"], false);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).unwrap();
    let status = env.run(&["auth", "status", "groq", "--json"]).exits(0);
    assert_eq!(status.json()["providers"][0]["source"], path.to_str().unwrap());
    env.set("GROQ_API_KEY", "sentinel-env");
    let status = env.run(&["auth", "status", "groq", "--json"]).exits(0);
    assert_eq!(status.json()["providers"][0]["source"], "GROQ_API_KEY", "the environment wins");
    assert!(!status.stdout.contains("sentinel"));
    env.unset("GROQ_API_KEY");
    env.run(&["auth", "remove", "groq"]).exits(0);
    env.run(&["auth", "remove", "groq"]).exits(1);
    env.run(&["auth", "set", "groq"]).exits(2);
    env.write("home/.config/massgen/config.toml", "[providers.groq]\nkey_command = \"echo k\"\n");
    let status = env.run(&["auth", "status", "groq"]).exits(0);
    assert!(status.stdout.contains("providers.groq.key_command"), "{status:?}");
}
