//! Help, version, usage errors, and commands that start no engine.

use crate::env;

#[test]
fn every_command_explains_itself() {
    let env = env();
    for args in [
        &["--help"][..],
        &["logs", "--help"],
        &["logs", "list", "--help"],
        &["logs", "summary", "--help"],
        &["logs", "tools", "--help"],
        &["logs", "facts", "--help"],
        &["logs", "analyze", "--help"],
        &["logs", "open", "--help"],
        &["isolate", "--help"],
        &["isolate", "run", "--help"],
        &["isolate", "create", "--help"],
        &["isolate", "exec", "--help"],
        &["isolate", "list", "--help"],
        &["isolate", "show", "--help"],
        &["isolate", "diff", "--help"],
        &["isolate", "review", "--help"],
        &["isolate", "apply", "--help"],
        &["isolate", "undo", "--help"],
        &["isolate", "discard", "--help"],
        &["isolate", "restore", "--help"],
        &["isolate", "gc", "--help"],
        &["isolate", "doctor", "--help"],
        &["models", "--help"],
        &["models", "show", "--help"],
        &["config", "--help"],
        &["plugin", "--help"],
        &["plugin", "inspect", "--help"],
        &["plugin", "add", "--help"],
        &["plugin", "update", "--help"],
        &["plugin", "remove", "--help"],
        &["plugin", "new", "--help"],
        &["plugin", "build", "--help"],
        &["plugin", "check", "--help"],
        &["plugin", "test", "--help"],
        &["plugin", "record", "--help"],
        &["plugin", "dev", "--help"],
        &["plugin", "doctor", "--help"],
        &["completions", "--help"],
        &["doctor", "--help"],
        &["manual", "--help"],
    ] {
        let help = env.run(args).exits(0);
        assert!(help.stdout.contains("Usage: massgen"), "{args:?}: {help:?}");
    }
    assert!(env.run(&["--version"]).exits(0).stdout.starts_with("massgen 0."));
    let pages = env.project().join("man");
    env.run(&["manual", pages.to_str().unwrap()]).exits(0);
    let page = std::fs::read_to_string(pages.join("massgen-isolate-apply.1")).unwrap();
    assert!(page.contains("on\\-drift"), "{page}");
    assert!(env.run(&["completions", "bash"]).exits(0).stdout.contains("_massgen"));
}

#[test]
fn what_can_not_be_understood_ends_in_2() {
    let env = env();
    for args in [
        &["logs", "analyse"][..],
        &["logs", "list", "--limit", "many"],
        &["logs", "analyze", "--timeout", "soon"],
        &["--colour"],
        &["models", "--provider", "nobody"],
        &["models", "show", "a b"],
    ] {
        let output = env.run(args).exits(2);
        assert!(output.stderr.contains("error"), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    let asked = env.run(&["analyze", "--json"]).exits(2);
    let document = asked.json();
    assert_eq!((&document["schema"], &document["kind"]), (&"error/1".into(), &"usage".into()));
    assert!(document["hints"][0].as_str().unwrap().contains("logs analyze"), "{document}");
}

#[test]
fn lists_start_no_engine() {
    let env = env();
    std::fs::remove_dir_all(env.home().join(".cache")).unwrap();
    env.run(&["plugin", "list"]).exits(0);
    env.run(&["models"]).exits(0);
    env.run(&["--version"]).exits(0);
    // A started engine would have left its compiled components.
    assert!(!env.home().join(".cache/massgen").exists());
    let plugins = env.run(&["plugin", "list", "--json"]).exits(0).json();
    let ids: Vec<_> =
        plugins["plugins"].as_array().unwrap().iter().map(|plugin| plugin["id"].clone()).collect();
    assert_eq!(
        ids,
        [
            "anthropic",
            "bedrock",
            "copy",
            "google",
            "ollama",
            "openai",
            "openai-compatible",
            "worktree"
        ]
    );
    assert!(
        plugins["plugins"]
            .as_array()
            .unwrap()
            .iter()
            .all(|plugin| plugin["bytes"].as_u64().unwrap() <= 260_000),
        "{plugins:#}"
    );
    let openai = env.run(&["plugin", "inspect", "openai"]).exits(0).stdout;
    assert!(openai.contains("https://api.openai.com/v1") && openai.contains("OPENAI_API_KEY"));
    env.run(&["plugin", "inspect", "nobody"]).exits(1);
}

#[test]
fn models_show_says_what_and_why() {
    let mut env = env();
    env.set("OPENAI_API_KEY", "sentinel-key-openai-1");
    let model = env.run(&["models", "show", "gpt-4o", "--json"]).exits(0).json();
    assert_eq!(
        (model["schema"].as_str(), model["provider"].as_str(), model["known"].as_bool()),
        (Some("model/1"), Some("openai"), Some(true))
    );
    assert_eq!(model["key"], serde_json::json!({"present": true, "source": "OPENAI_API_KEY"}));
    assert_eq!(model["price"]["input_per_mtok"], 2.5);
    let unknown = env.run(&["models", "show", "openai/gpt-99", "--json"]).exits(0);
    assert_eq!(unknown.json()["price"], serde_json::Value::Null);
    assert!(!crate::holds_a_key(&(unknown.stdout + &unknown.stderr)));
}

#[test]
fn alone_it_says_where_to_begin() {
    let mut env = env();
    env.unset("OPENAI_API_KEY").unset("ANTHROPIC_API_KEY").unset("GEMINI_API_KEY");
    let bare = env.run(&[]).exits(0).stdout;
    assert!(bare.contains("massgen isolate run -- AGENT") && bare.contains("facts need no model"));
    env.set("OPENAI_API_KEY", "sk-sentinel-of-the-welcome");
    let found = env.run(&["--json"]).exits(0);
    assert_eq!(found.json()["providers_with_key"], serde_json::json!(["openai"]));
    assert!(!found.stdout.contains("sentinel"));
    // A session in which nothing changed is nothing to look at.
    env.run(&["isolate", "run", "--", "true"]).exits(0);
    let idle = env.run(&["--json"]).exits(0).json();
    assert_eq!((&idle["open_sessions"], &idle["to_review"]), (&1.into(), &serde_json::json!([])));
    let changed = env.run(&["isolate", "run", "--json", "--", "touch", "new"]).exits(0).json();
    let busy = env.run(&["--json"]).exits(0).json();
    assert_eq!(busy["to_review"], serde_json::json!([changed["id"]]));
    let told = env.run(&[]).exits(0).stdout;
    let next = format!("massgen isolate review {}", changed["id"].as_str().unwrap());
    assert!(told.contains("one to look at") && told.contains(&next), "{told}");
}

#[test]
fn doctor_tells_what_works_and_what_to_do() {
    let mut env = env();
    env.set("OPENAI_API_KEY", "sk-sentinel-of-the-doctor");
    let healthy = env.run(&["doctor", "--json"]).exits(0);
    let document = healthy.json();
    assert_eq!((&document["schema"], &document["healthy"]), (&"doctor/1".into(), &true.into()));
    let subjects: Vec<&str> = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["subject"].as_str().unwrap())
        .collect();
    for subject in ["keys", "model", "plugins", "cache", "state", "runs", "git", "sessions"] {
        assert!(subjects.contains(&subject), "{subject}: {subjects:?}");
    }
    assert!(!healthy.stdout.contains("sentinel"));
    // A state directory that is a file, and a model that means nothing.
    env.write("home/occupied", "not a directory");
    env.set("MASSGEN_STATE_DIR", env.home().join("occupied/state").to_str().unwrap());
    env.set("MASSGEN_MODEL", "nobody/at-all");
    let ill = env.run(&["doctor", "--json"]).exits(1).json();
    let bad: Vec<&str> = ill["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["health"] == "bad")
        .map(|check| check["subject"].as_str().unwrap())
        .collect();
    assert!(bad.contains(&"model") && bad.contains(&"state"), "{ill:#}");
}

#[test]
fn answers_fit_a_narrow_terminal() {
    let mut env = env();
    env.set("COLUMNS", "80").set("OPENAI_API_KEY", "sk-sentinel-of-the-width");
    env.unpack_run("tool_failures");
    env.unpack_run("three_vote");
    env.run(&["isolate", "run", "--name", "some-agent", "--", "touch", "new"]).exits(0);
    for args in [
        &[][..],
        &["logs"],
        &["logs", "list"],
        &["logs", "tools"],
        &["logs", "facts"],
        &["logs", "timeline"],
        &["logs", "analyze", "--model", "gpt-5.2", "--dry-run"],
        &["models"],
        &["models", "show", "gpt-4o"],
        &["auth", "status"],
        &["config", "show"],
        &["plugin", "list"],
        &["plugin", "inspect", "openai"],
        &["doctor"],
        &["isolate", "list"],
        &["isolate", "show", "some-agent"],
        &["isolate", "diff", "some-agent", "--name-status"],
    ] {
        let answer = env.run(args).exits(0).stdout;
        // A path, or what stands before it, may be longer than a line.
        let wide = |line: &&str| {
            let words = line.split_whitespace().count();
            line.chars().count() > 80 && words > 2
        };
        let wide: Vec<&str> = answer.lines().filter(wide).collect();
        assert!(wide.is_empty(), "{args:?}: {wide:#?}");
        assert!(answer.lines().count() > 0, "{args:?} answers nothing");
    }
}
