//! What people read when something is wrong: every error names the thing, says why, and what to do next.

use massgen_harness::{FakeLlm, Step, TestEnv};

use crate::{env, env_with};

/// What a command says, without what differs from run to run.
fn said(env: &TestEnv, args: &[&str]) -> String {
    let output = env.run(args);
    let dir = env.home().parent().unwrap().display().to_string();
    let text = output.stderr.replace(&dir, "[DIR]");
    assert!(text.contains("error:"), "{output:?}");
    let helps = ["hint:", "tip:", "For more information"].iter().any(|word| text.contains(word));
    assert!(helps, "no next step: {output:?}");
    // How long is waited between tries is a matter of chance.
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("warning: attempt")).collect();
    let code = output.code.unwrap_or(-1);
    format!("$ massgen {}\n{}\nexit {code}\n", args.join(" "), lines.join("\n").trim())
}

fn all(env: &TestEnv, cases: &[&[&str]]) -> String {
    cases.iter().map(|args| said(env, args)).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn shown(name: &str, text: &str) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

/// `logs analyze` with this model.
fn asked(env: &TestEnv, model: &str, more: &[&str]) -> String {
    let mut args = vec!["logs", "analyze", "--model", model];
    args.extend(more);
    said(env, &args)
}

#[test]
fn selectors() {
    let env = env();
    env.unpack_run("single_ok");
    let cases = [
        "",
        "a b",
        "openai/",
        "/gpt-4o",
        "OpenAI/gpt-4o",
        "opnai/gpt-4o",
        "openai:gpt-4o",
        "gpt4-nonsense-of-nobody",
    ];
    shown("selectors", &cases.map(|model| asked(&env, model, &[])).join("\n"));
}

#[test]
fn the_command_line() {
    let env = env();
    env.unpack_run("single_ok");
    env.write("project/empty.txt", "\n");
    env.write("project/long.txt", &"é".repeat(50_000));
    shown(
        "command-line",
        &all(
            &env,
            &[
                &["logs", "analyse"],
                &["--colour"],
                &["logs", "analyze", "--timeout", "soon"],
                &["logs", "analyze", "--max-steps", "0"],
                &["logs", "analyze", "--model", "none", "--max-cost", "-1"],
                &["logs", "analyze", "--model", "none", "--prompt-file", "gone.txt"],
                &["logs", "analyze", "--model", "none", "--prompt-file", "empty.txt"],
                &["logs", "analyze", "--model", "none", "--prompt-file", "long.txt"],
                &["logs", "analyze", "--model", "none", "--prompt-file", "/dev/zero"],
                &["logs", "analyze", "--model", "none", "--prompt-file", "-"],
                &["logs", "summary", "--log-dir", "nowhere"],
                &["logs", "summary", "--turn", "7"],
                &["models", "--provider", "nobody"],
                &["auth", "set", "opnai"],
                &["auth", "remove", "openai"],
                &["plugin", "inspect", "gone.wasm"],
                &["plugin", "remove", "nobody"],
                &["isolate", "show", "nobody"],
            ],
        ),
    );
}

#[test]
fn configuration_and_keys() {
    let mut env = env();
    env.unpack_run("single_ok");
    env.write(
        "home/.config/massgen/config.toml",
        "[aliases]\na = \"b\"\nb = \"a\"\n[providers.mine]\ntype = \"openai-compatible\"\nbase_url = \"http://example.com/v1\"\n\
         [providers.helped]\ntype = \"openai-compatible\"\nbase_url = \"http://127.0.0.1:9/v1\"\nkey_command = \"exit 3\"\n",
    );
    let mut texts = vec![
        asked(&env, "a", &[]),
        asked(&env, "openai/gpt-6-luna", &[]),
        asked(&env, "bedrock/anthropic.claude-haiku-5-5", &[]),
        asked(&env, "azure/mine", &[]),
        asked(&env, "mine/model", &[]),
        asked(&env, "helped/model", &[]),
    ];
    env.set("OPENAI_API_KEY", "k-1").set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    env.set("AZURE_OPENAI_ENDPOINT", "not a place").set("AZURE_OPENAI_API_KEY", "k-2");
    texts.push(asked(&env, "openai/gpt-6-luna", &[]));
    texts.push(asked(&env, "azure/mine", &[]));
    shown("configuration-and-keys", &texts.join("\n"));
}

#[test]
fn what_services_refuse() {
    let fake = FakeLlm::start();
    let env = env_with(&fake);
    env.unpack_run("single_ok");
    let of_openai = |kind: &str, code: &str, message: &str| serde_json::json!({"error": {"message": message, "type": kind, "code": code}});
    let cases = [
        (401, of_openai("invalid_request_error", "invalid_api_key", "Incorrect API key provided")),
        (
            403,
            of_openai("invalid_request_error", "unsupported_country_region_territory", "Not here"),
        ),
        (404, of_openai("invalid_request_error", "model_not_found", "The model does not exist")),
        (
            429,
            of_openai(
                "insufficient_quota",
                "insufficient_quota",
                "You exceeded your current quota",
            ),
        ),
        (
            400,
            of_openai(
                "invalid_request_error",
                "context_length_exceeded",
                "Your input exceeds the context window",
            ),
        ),
        (400, of_openai("invalid_request_error", "invalid_value", "Invalid value for 'store'")),
        (500, of_openai("server_error", "", "The server had an error")),
        (502, serde_json::json!("a gateway says \u{1b}[31mno")),
    ];
    let texts = cases.each_ref().map(|(status, body)| {
        let tries = if *status < 500 { 1 } else { 3 };
        fake.script((0..tries).map(|_| Step::error(*status, body)));
        let text = asked(&env, "openai/gpt-6-luna", &["--force"]);
        let kept = text
            .lines()
            .filter(|line| !line.starts_with("warning: attempt") && !line.contains("finding"));
        kept.collect::<Vec<_>>().join("\n") + "\n"
    });
    shown("services", &texts.join("\n").replace(&fake.url(), "[FAKE]"));
}
