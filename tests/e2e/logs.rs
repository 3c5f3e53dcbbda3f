//! `massgen logs` on real runs, without a model.

use crate::env;

#[test]
fn the_newest_run_is_found_and_summed_up() {
    let env = env();
    env.unpack_run("three_vote");
    env.unpack_run("tool_failures");
    let summary = env.run(&["logs"]).exits(0).stdout;
    assert!(
        summary.contains("log_20261122_085921_836350") && summary.contains("7 of 20"),
        "{summary}"
    );
    assert!(summary.contains("9.6 s") && summary.contains("15.6 s"), "{summary}");
    let json = env.run(&["logs", "--json"]).exits(0).json();
    assert_eq!(json["schema"], "summary/1");
}

#[test]
fn lists_tools_and_facts_follow_their_schemas() {
    let env = env();
    let run = env.unpack_run("tool_failures");
    env.unpack_run("three_vote");
    let list = env.run(&["logs", "list", "--json"]).exits(0).json();
    assert_eq!(
        (list["schema"].as_str(), list["runs"].as_array().unwrap().len()),
        (Some("runs/1"), 2)
    );
    assert_eq!(
        (list["runs"][0]["outcome"].as_str(), list["runs"][0]["analyzed"].as_bool()),
        (Some("completed"), Some(false))
    );
    let dir = run.to_str().unwrap();
    let tools = env
        .run(&["logs", "tools", "--log-dir", dir, "--sort", "failures", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (tools["schema"].as_str(), tools["tools"][0]["failures"].as_u64()),
        (Some("tools/1"), Some(3))
    );
    for part in ["", "turn_1", "turn_1/attempt_1"] {
        let dir = run.join(part);
        let facts = env
            .run(&["logs", "facts", "--log-dir", dir.to_str().unwrap(), "--json"])
            .exits(0)
            .json();
        assert_eq!(
            (facts["schema"].as_str(), facts["attempts"][0]["tool_failures"].as_u64()),
            (Some("facts/1"), Some(7)),
            "{part}"
        );
    }
    assert!(env.run(&["logs", "facts"]).exits(0).stdout.contains("critical path"));
}

#[test]
fn what_is_not_there_is_said_with_a_hint() {
    let env = env();
    let nothing = env.run(&["logs"]).exits(1);
    assert!(
        nothing.stderr.contains("no MassGen runs were found")
            && nothing.stderr.contains("--log-dir"),
        "{nothing:?}"
    );
    assert!(env.run(&["logs", "list"]).exits(0).stderr.contains("hint:"));
    env.unpack_run("single_ok");
    let turn = env.run(&["logs", "facts", "--turn", "9"]).exits(1);
    assert!(turn.stderr.contains("turns there are: 1"), "{turn:?}");
    let json = env.run(&["logs", "facts", "--turn", "9", "--json"]).exits(1).json();
    assert_eq!(
        (json["schema"].as_str(), json["kind"].as_str()),
        (Some("error/1"), Some("turn-not-found"))
    );
    env.run(&["logs", "summary", "--log-dir", "/nowhere/at/all"]).exits(1);
}

#[test]
fn without_a_model_the_report_comes_from_the_facts() {
    let env = env();
    let run = env.unpack_run("tool_failures");
    let first = env.run(&["logs", "analyze", "--mode", "self"]).exits(0);
    assert!(
        first.stdout.contains("ANALYSIS_REPORT.md") && first.stderr.contains("Skipping the model"),
        "{first:?}"
    );
    let report = std::fs::read_to_string(run.join("turn_1/ANALYSIS_REPORT.md")).unwrap();
    assert!(
        report.contains("made without a model") && report.contains("7 tool calls failed"),
        "{report}"
    );
    // The critical path is agent_a's three rounds, of which the first took most.
    let bottleneck = report.lines().find(|line| line.starts_with("1. ")).unwrap();
    assert!(bottleneck.contains("round 0 without tools (59 %"), "{bottleneck}");
    assert!(report.contains("| 1 | voting | unfinished | 3.62 s–9.63 s |"), "{report}");
    let again = env.run(&["logs", "analyze", "--mode", "self", "--model", "none"]).exits(3);
    assert!(again.stderr.contains("--force"), "{again:?}");
    let json = env
        .run(&["logs", "analyze", "--mode", "self", "--model", "none", "--force", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (json["schema"].as_str(), json["stop"].as_str()),
        (Some("analysis/1"), Some("no-model"))
    );
    assert_eq!(env.run(&["logs", "list", "--json"]).exits(0).json()["runs"][0]["analyzed"], true);
}

#[test]
fn prompt_mode_prints_a_line_to_paste() {
    let env = env();
    env.unpack_run("single_ok");
    let prompt = env.run(&["logs", "analyze"]).exits(0);
    assert!(
        prompt.stdout.starts_with("Use the massgen-log-analyzer skill to analyze: /"),
        "{prompt:?}"
    );
}

#[test]
fn keys_that_massgen_stored_stay_there() {
    let env = env();
    for name in ["config_error", "api_key_in_config"] {
        let run = env.unpack_run(name);
        let dir = run.to_str().unwrap();
        let facts = env.run(&["logs", "facts", "--log-dir", dir, "--json"]).exits(0);
        assert!(
            facts.stdout.contains("key_in_clear") && !facts.stdout.contains("mock-key"),
            "{name}"
        );
        env.run(&["logs", "analyze", "--mode", "self", "--log-dir", dir]).exits(0);
        let report = std::fs::read_to_string(run.join("turn_1/analysis.json")).unwrap();
        assert!(!report.contains("mock-key"), "{name}");
    }
}

#[test]
fn a_run_is_drawn_in_the_terminal_as_json_and_as_a_page() {
    let env = env();
    let run = env.unpack_run("tool_failures");
    let drawn = env.run(&["logs", "timeline"]).exits(0).stdout;
    for part in
        ["agent_a", "agent_b", "agent_a presented", "▓", "✗", "events.jsonl:84", "answer agent1.1"]
    {
        assert!(drawn.contains(part), "{part}: {drawn}");
    }
    let json = env.run(&["logs", "timeline", "--json"]).exits(0).json();
    assert_eq!(json["schema"], "timeline/1");
    let lane = &json["attempts"][0]["lanes"][0];
    let failed = lane["calls"].as_array().unwrap().iter().filter(|call| call["state"] == "failed");
    assert_eq!((lane["agent"].as_str(), failed.count()), (Some("agent_a"), 7));
    let events = run.join("turn_1/attempt_1/events.jsonl");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(
        &events,
        text.replace("Answer built with tools.", "</script><script>alert(1)</script>"),
    )
    .unwrap();
    let page = env.project().join("run.html");
    env.run(&["logs", "timeline", "--html", page.to_str().unwrap()]).exits(0);
    let html = std::fs::read_to_string(&page).unwrap();
    assert_eq!(html.matches("</script>").count(), 2, "what a log holds is no markup");
    assert!(
        !html.contains("<script>alert") && !html.contains("http://") || html.contains("www.w3.org")
    );
    // A finished run has nothing to follow.
    assert!(env.run(&["logs", "timeline", "--follow"]).exits(0).stdout.contains("answer agent1.1"));
    env.run(&["logs", "timeline", "--follow", "--json"]).exits(2);
    env.run(&["logs", "analyze", "--model", "none", "--format", "html"]).exits(0);
    assert!(run.join("turn_1/analysis.html").is_file());
}

/// A run that is written while somebody watches: each event once, an attempt that is thrown away, and the one after it.
#[test]
fn a_run_is_followed_to_its_end_and_not_beyond() {
    let env = env();
    let run = env.unpack_run("worktree_restart");
    let (first, second) = (run.join("turn_1/attempt_1"), run.join("turn_1/attempt_2"));
    let aside = env.home().join("aside");
    std::fs::rename(&second, &aside).unwrap();
    let events = std::fs::read_to_string(first.join("events.jsonl")).unwrap();
    let lines: Vec<&str> = events.lines().collect();
    let restart = lines.iter().position(|line| line.contains("restart_banner")).unwrap();
    let metrics = std::fs::read(first.join("metrics_summary.json")).unwrap();
    std::fs::remove_file(first.join("metrics_summary.json")).unwrap();
    let half = lines[20].len() / 2;
    let begun = lines[..20].join("\n") + "\n" + &lines[20][..half];
    std::fs::write(first.join("events.jsonl"), begun).unwrap();

    let mut child = env.start(&["logs", "timeline", "--follow"]);
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut until = |words: &str| {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            let read = std::io::BufRead::read_line(&mut said, &mut line).unwrap();
            assert!(read > 0, "it ended before {words:?}: {lines:?}");
            lines.push(line.clone());
            if line.contains(words) {
                return lines;
            }
        }
    };
    assert_eq!(until("answer agent1.1").len(), 1);
    let append = |text: &str| {
        use std::io::Write;
        let path = first.join("events.jsonl");
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    until("vote agent_a");
    append(&(lines[20][half..].to_string() + "\n" + &lines[21..restart].join("\n") + "\n"));
    until("final answer");
    // It presented and wrote its metrics: another attempt may follow all the same.
    std::fs::write(first.join("metrics_summary.json"), metrics).unwrap();
    append(&(lines[restart..].join("\n") + "\n"));
    until("The greeting has a typo");
    std::fs::rename(&aside, &second).unwrap();
    let rest = until("final answer");
    assert_eq!(rest.iter().filter(|line| line.contains("answer agent1.1")).count(), 1, "{rest:?}");
    child.stdout = Some(said.into_inner());
    assert!(env.wait(child).exits(0).stderr.is_empty());
}

/// The second look is by the index, and tells what changed since the first.
#[test]
fn the_list_is_kept_and_never_stale() {
    let env = env();
    let run = env.unpack_run("killed_midrun");
    env.unpack_run("three_vote");
    let list = || env.run(&["logs", "list", "--all", "--json"]).exits(0).json();
    let fresh = list();
    let kept = env.home().join(".cache/massgen/runs");
    let files = || std::fs::read_dir(&kept).map_or(0, Iterator::count);
    // What was written a moment ago may be written again without a trace: it is not relied on.
    assert_eq!(files(), 0);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert_eq!(list(), fresh);
    assert_eq!(files(), 1);
    assert_eq!(list(), fresh);
    assert_eq!(fresh["runs"][0]["outcome"], "killed");
    std::fs::write(run.join("turn_1/attempt_1/metrics_summary.json"), "{}").unwrap();
    assert_eq!(list()["runs"][0]["outcome"], "interrupted");
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::write(&kept, "in the way").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert_eq!(list()["runs"][0]["outcome"], "interrupted");
    let said = env.run(&["logs", "list", "--verbose"]).exits(0).stderr;
    assert!(said.contains("index of runs is not kept"), "{said}");
}

#[test]
fn the_kinds_of_problems_are_listed_with_severity_rule_and_advice() {
    let env = env();
    let document = env.run(&["logs", "problems", "--json"]).exits(0).json();
    assert_eq!(document["schema"], "problem-kinds/1");
    let kinds = document["kinds"].as_array().unwrap();
    assert!(kinds.len() > 30, "{}", kinds.len());
    let hidden = kinds.iter().find(|kind| kind["kind"] == "hidden_tool_failures").unwrap();
    assert_eq!(hidden["severity"], "medium");
    assert!(hidden["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{hidden}");
    assert!(hidden["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{hidden}");
    let table = env.run(&["logs", "problems"]).exits(0).stdout;
    assert!(table.contains("hidden_tool_failures") && table.contains("Severity"), "{table}");
}
