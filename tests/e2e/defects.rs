//! What MassGen's own `massgen logs` gets wrong, a row each: here it is right, on real runs.

use std::path::Path;

use massgen_harness::TestEnv;

use crate::env;

type Check = fn(&TestEnv);

/// What goes wrong there, and the check that it does not here.
const DEFECTS: &[(&str, Check)] = &[
    ("readers do not look where MASSGEN_LOG_BASE_DIR says", base_dir),
    ("--log-dir means another level for each command", levels),
    ("--json is ignored, or gives something else", json),
    ("exit code 0 although nothing was found", not_found),
    ("a sum over agents is shown as duration", duration),
    ("small costs are all the same", cost),
    ("list and summary look at different turns", turns),
    ("lists show no outcome, winner or sum, and can't be narrowed down", lists),
    ("a question that is null, and text that is no UTF-8, end it", null_and_bytes),
    ("a damaged file ends the summary, or says nothing in the list", damaged),
    ("one run can't be set beside another", compare),
    ("phases, cache, duplicates, errors, retries and votes need a model", without_a_model),
    (
        "an analysis needs other programs, leaves a run of its own, and announces an old report",
        analysis,
    ),
];

#[test]
fn defects_of_massgens_own_command() {
    let has = |check: Check| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&env()))).is_err()
    };
    let found: Vec<_> =
        DEFECTS.iter().filter(|(_, check)| has(*check)).map(|(defect, _)| *defect).collect();
    assert!(found.is_empty(), "{found:#?}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn base_dir(env: &TestEnv) {
    let run = env.unpack_run("three_vote");
    let elsewhere = env.home().join("elsewhere");
    std::fs::rename(run.parent().unwrap(), &elsewhere).unwrap();
    env.run(&["logs"]).exits(1);
    for base in [text(&elsewhere), "~/elsewhere"] {
        let mut env = self::env();
        env.set("MASSGEN_LOG_BASE_DIR", base);
        env.set("HOME", text(elsewhere.parent().unwrap()));
        for command in
            [&["logs", "--json"][..], &["logs", "tools", "--json"], &["logs", "facts", "--json"]]
        {
            env.run(command).exits(0);
        }
        let list = env.run(&["logs", "list", "--json"]).exits(0).json();
        assert_eq!(list["runs"][0]["run"], "log_20261122_085856_294769", "{base}");
    }
}

fn levels(env: &TestEnv) {
    let run = env.unpack_run("tool_failures");
    for command in ["summary", "tools", "facts", "timeline"] {
        let answers = ["", "turn_1", "turn_1/attempt_1"].map(|part| {
            let dir = run.join(part);
            env.run(&["logs", command, "--log-dir", text(&dir), "--json"]).exits(0).json()
        });
        assert!(answers[0] == answers[1] && answers[1] == answers[2], "{command}");
    }
    for part in ["", "turn_1", "turn_1/attempt_1"] {
        let dir = run.join(part);
        let prompt = env.run(&["logs", "analyze", "--log-dir", text(&dir)]).exits(0).stdout;
        assert!(prompt.contains(text(&run)) && !prompt.contains("attempt_1"), "{prompt}");
    }
}

fn json(env: &TestEnv) {
    env.unpack_run("tool_failures");
    for (command, schema) in [
        (&["list"][..], "runs/1"),
        (&["summary"], "summary/1"),
        (&["tools"], "tools/1"),
        (&["facts"], "facts/1"),
        (&["timeline"], "timeline/1"),
        (&["analyze", "--model", "none"], "analysis/1"),
    ] {
        let mut args = vec!["logs"];
        args.extend(command);
        args.push("--json");
        assert_eq!(env.run(&args).exits(0).json()["schema"], schema);
    }
    let most = |sort: &str| {
        let tools = env.run(&["logs", "tools", "--sort", sort, "--json"]).exits(0).json();
        tools["tools"][0]["name"].as_str().unwrap().to_string()
    };
    assert_eq!(most("failures"), "mcp__probe__run_command");
    assert_ne!(most("time"), most("failures"));
}

fn not_found(env: &TestEnv) {
    for command in ["list", "summary", "tools", "facts", "timeline", "analyze", "open"] {
        let said = env.run(&["logs", command, "--log-dir", "/nowhere/at/all"]).exits(1);
        assert!(said.stdout.is_empty() && said.stderr.contains("/nowhere/at/all"), "{said:?}");
    }
    env.unpack_run("single_ok");
    env.run(&["logs", "analyze", "--turn", "9"]).exits(1);
}

fn duration(env: &TestEnv) {
    for (name, wall_ms, recorded_ms) in
        [("three_vote", 5_590, 8_880), ("tool_failures", 9_630, 15_560)]
    {
        let run = env.unpack_run(name);
        let facts = env.run(&["logs", "facts", "--log-dir", text(&run), "--json"]).exits(0).json();
        let list = env.run(&["logs", "list", "--json"]).exits(0).json();
        let rows = list["runs"].as_array().unwrap();
        let row = rows.iter().find(|row| row["run"] == facts["run"]).unwrap();
        let near = |value: &serde_json::Value, ms: u64| value.as_u64().unwrap().abs_diff(ms) < 10;
        assert!(near(&row["wall_ms"], wall_ms) && near(&facts["wall_ms"], wall_ms), "{row}");
        assert!(near(&facts["attempts"][0]["recorded_duration_ms"], recorded_ms), "{name}");
    }
}

fn cost(env: &TestEnv) {
    env.unpack_run("single_ok");
    env.unpack_run("three_vote");
    let list = env.run(&["logs", "list"]).exits(0).stdout;
    assert!(!list.contains("$0.00 "), "{list}");
    let rows = env.run(&["logs", "list", "--json"]).exits(0).json();
    for row in rows["runs"].as_array().unwrap() {
        let cost = row["cost_usd"].as_f64().unwrap();
        assert!(cost > 0.0 && cost < 0.01, "{row}");
        let shown = format!("${cost:.6}");
        assert!(list.contains(shown.trim_end_matches('0')), "{shown} is not in {list}");
    }
}

fn turns(env: &TestEnv) {
    env.unpack_run("multi_turn");
    let facts = |turn: &str| env.run(&["logs", "facts", "--turn", turn, "--json"]).exits(0).json();
    let of = |turn: &serde_json::Value| turn["attempts"][0]["cost_usd"].as_f64().unwrap();
    let (first, second) = (facts("1"), facts("2"));
    let row = env.run(&["logs", "list", "--json"]).exits(0).json()["runs"][0].clone();
    assert_eq!(row["turns"], 2);
    let sum = of(&first) + of(&second);
    assert!((row["cost_usd"].as_f64().unwrap() - sum).abs() < 1e-6, "{row} {sum}");
    let wall = first["wall_ms"].as_u64().unwrap() + second["wall_ms"].as_u64().unwrap();
    assert!(row["wall_ms"].as_u64().unwrap().abs_diff(wall) <= 2, "{row} {wall}");
    let summary = env.run(&["logs", "--json"]).exits(0).json();
    assert_eq!(
        (&summary["turn"], &summary["attempts"][0]["winner"]),
        (&second["turn"], &row["winner"])
    );
}

fn lists(env: &TestEnv) {
    for name in ["three_vote", "killed_midrun", "all_agents_fail"] {
        env.unpack_run(name);
    }
    let runs = |args: &[&str]| {
        let mut all = vec!["logs", "list", "--json"];
        all.extend(args);
        let list = env.run(&all).exits(0).json();
        let names = list["runs"].as_array().unwrap().iter().map(|row| row["run"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(runs(&[]).len(), 3);
    assert_eq!(runs(&["--outcome", "killed"]), ["log_20261122_090455_082930"]);
    assert_eq!(runs(&["--outcome", "no-answer"]), ["log_20261122_090023_839107"]);
    assert_eq!(runs(&["--agent", "agent_c"]), ["log_20261122_085856_294769"]);
    assert_eq!(runs(&["--model", "gpt-4o-mini"]).len(), 3);
    assert_eq!(runs(&["--model", "gpt-5"]).len(), 0);
    assert_eq!(runs(&["--limit", "1"]).len(), 1);
    env.run(&["logs", "list", "--outcome", "good"]).exits(2);
    assert!(env.run(&["logs", "list", "--model", "gpt-5"]).exits(0).stderr.contains("No run"));
    let table = env.run(&["logs", "list"]).exits(0).stdout;
    for part in ["completed", "killed", "no answer", "agent_b", "3 runs, 1 completed"] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

fn null_and_bytes(env: &TestEnv) {
    let run = env.unpack_run("three_vote");
    let attempt = run.join("turn_1/attempt_1");
    let replace = |file: &str, from: &str, to: &[u8]| {
        let bytes = std::fs::read(attempt.join(file)).unwrap();
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        let changed = [&bytes[..at], to, &bytes[at + from.len()..]].concat();
        std::fs::write(attempt.join(file), changed).unwrap();
    };
    let question = "\"Explain how to solve two-sum.\"";
    replace("status.json", question, b"null");
    replace("metrics_summary.json", question, b"null");
    replace("execution_metadata.yaml", "Explain how to solve two-sum.", b"caf\xe9 \xff");
    replace("events.jsonl", "Two pointers", b"Two \xff\xfe pointers");
    for command in [
        &["logs"][..],
        &["logs", "list"],
        &["logs", "tools"],
        &["logs", "facts"],
        &["logs", "timeline"],
    ] {
        env.run(command).exits(0);
    }
    let row = env.run(&["logs", "list", "--json"]).exits(0).json()["runs"][0].clone();
    assert_eq!(
        (row["outcome"].as_str(), row["winner"].as_str()),
        (Some("completed"), Some("agent_b"))
    );
}

fn damaged(env: &TestEnv) {
    let run = env.unpack_run("three_vote");
    let metrics = run.join("turn_1/attempt_1/metrics_summary.json");
    let bytes = std::fs::read(&metrics).unwrap();
    std::fs::write(&metrics, &bytes[..bytes.len() / 2]).unwrap();
    let facts = env.run(&["logs", "facts", "--json"]).exits(0).json();
    let told = facts["diagnostics"].as_array().unwrap();
    assert!(
        told.iter().any(|told| told["file"].as_str().unwrap().ends_with("metrics_summary.json"))
    );
    assert_eq!(facts["attempts"][0]["winner"], "agent_b");
    assert!(env.run(&["logs"]).exits(0).stdout.contains("agent_b"));
    assert!(env.run(&["logs", "list"]).exits(0).stdout.contains("completed"));
}

fn compare(env: &TestEnv) {
    let (one, other) = (env.unpack_run("three_vote"), env.unpack_run("v050_three_vote"));
    let both = env.run(&["logs", "compare", text(&one), text(&other), "--json"]).exits(0).json();
    for (run, wall_ms) in [(0, 5_590), (1, 7_550)] {
        let wall = both["runs"][run]["wall_ms"].as_u64().unwrap();
        assert!(wall.abs_diff(wall_ms) < 10, "{wall}");
    }
    let shown = env.run(&["logs", "compare", text(&one), text(&other)]).exits(0).stdout;
    assert!(shown.contains("5.6 s") && shown.contains("problems"), "{shown}");
}

fn without_a_model(env: &TestEnv) {
    for (name, pointers) in [
        (
            "three_vote",
            &["phases", "cache_hit_rate", "votes", "restart_list", "agents", "sources"][..],
        ),
        ("tool_failures", &["duplicates", "commands", "repeated_failures", "enforcement"]),
        ("api_faults", &["api_errors"]),
    ] {
        let run = env.unpack_run(name);
        let facts = env.run(&["logs", "facts", "--log-dir", text(&run), "--json"]).exits(0).json();
        for pointer in pointers {
            let value = &facts["attempts"][0][pointer];
            let tells =
                value.as_array().map_or(value.as_f64() > Some(0.0), |list| !list.is_empty());
            assert!(tells, "{name}: {pointer} is {value}");
        }
    }
}

fn analysis(env: &TestEnv) {
    let run = env.unpack_run("tool_failures");
    env.run(&["logs", "analyze", "--mode", "self", "--model", "none"]).exits(0);
    let report = run.join("turn_1/ANALYSIS_REPORT.md");
    let first = std::fs::read(&report).unwrap();
    // Runs are as many as before: an analysis leaves none.
    assert_eq!(
        env.run(&["logs", "list", "--json"]).exits(0).json()["runs"].as_array().unwrap().len(),
        1
    );
    // A model that gives nothing: the old report is neither replaced nor called the new one.
    let said = env.run(&["logs", "analyze", "--model", "openai/gpt-6-luna", "--force"]).exits(4);
    assert!(!said.stdout.contains("ANALYSIS_REPORT.md"), "{said:?}");
    assert_eq!(std::fs::read(&report).unwrap(), first);
}
