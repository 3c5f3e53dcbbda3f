#![expect(clippy::unwrap_used, reason = "a test may")]
//! What an analyst of a run asks, one line each: where the facts of a real run answer it, or which gap of the record
//! they state instead. And the layouts that no real run of the fixtures has.

use std::path::{Path, PathBuf};

use massgen_logs::redact::Redactor;
use massgen_logs::{examine, locate};
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/runs");

fn unpack(name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = std::fs::File::open(format!("{FIXTURES}/{name}.tar.gz")).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(dir.path()).unwrap();
    let run = locate::list(&dir.path().join(name)).unwrap().remove(0).root;
    (dir, run)
}

/// The facts of a run's last turn, as a reader gets them.
fn facts_of(root: &Path) -> Value {
    serde_json::to_value(examine(&locate::run_dir(root).unwrap(), None, &Redactor::default()))
        .unwrap()
}

fn facts(name: &str) -> Value {
    let (_dir, root) = unpack(name);
    facts_of(&root)
}

/// Whether any attempt states a gap, and how.
fn gap(facts: &Value, name: &str) -> Option<String> {
    let attempts = facts["attempts"].as_array().unwrap().iter();
    let gaps = attempts.flat_map(|attempt| attempt["gaps"].as_array().unwrap());
    let found =
        gaps.filter(|gap| gap["gap"] == name).find(|gap| !gap["note"].as_str().unwrap().is_empty());
    found.map(|gap| gap["state"].as_str().unwrap().to_string())
}

/// Whether a value says anything.
fn tells(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Bool(_)) => true,
    }
}

/// Question, run, and where in the last attempt its answer stands.
const QUESTIONS: &[(&str, &str, &str)] = &[
    ("wall time", "three_vote", "/wall_ms"),
    ("winner", "three_vote", "/winner"),
    ("total cost", "three_vote", "/cost_usd"),
    ("answers with label, agent and time", "three_vote", "/answers/0/label"),
    ("how an answer differs from the one before", "answer_limits", "/answers/1/chars"),
    ("votes with voter, target and reason", "three_vote", "/votes/0/reason"),
    ("which answer a vote is for", "three_vote", "/votes/0/label"),
    ("who voted for whom", "three_vote", "/vote_summary/by_voter"),
    ("a tie", "answer_limits", "/tie"),
    ("restarts", "three_vote", "/restart_list/0/reason"),
    ("the outcome", "killed_midrun", "/outcome"),
    ("phases with count, average, longest and sum", "three_vote", "/phases/0/max_ms"),
    ("phases as share of the time", "three_vote", "/phases/0/share"),
    ("rounds with kind and outcome", "three_vote", "/agents/0/segments/0/kind"),
    ("time of tools in a round", "tool_failures", "/agents/0/segments/0/exec_ms"),
    ("time without tools in a round", "tool_failures", "/agents/0/segments/0/think_ms"),
    ("where rounds begin and end", "three_vote", "/agents/0/segments/0/end_line"),
    ("start of a round to its first sign of life", "three_vote", "/agents/0/startup_ms"),
    ("time to the first tool", "tool_failures", "/agents/0/time_to_first_tool_ms"),
    ("the same in a round", "tool_failures", "/agents/0/segments/0/first_tool_ms"),
    ("calls by tool in a round", "tool_failures", "/agents/0/segments/0/tools/mcp__probe__flaky"),
    ("time of shell commands", "tool_failures", "/agents/0/shell_ms"),
    ("waiting for background tools", "background_tools", "/agents/0/bg_wait_ms"),
    ("the real end of background tools", "background_tools", "/background_jobs/0/wall_ms"),
    ("critical path", "three_vote", "/critical_path/0/ms"),
    ("what blocks before the first round", "three_vote", "/lead_in_ms"),
    ("evaluation", "checklist", "/checklist/evaluation_ms"),
    ("checklist to proposal", "checklist", "/checklist_with_proposal/to_propose_ms"),
    ("implementation", "checklist", "/checklist_with_proposal/implementation_ms"),
    ("after a checklist without a proposal", "checklist", "/checklist/post_checklist_ms"),
    ("evaluation against implementation", "checklist", "/checklist/evaluation_share"),
    ("tools with calls, failures and percentiles", "tool_failures", "/tools/0/p95_ms"),
    ("the slowest call", "tool_failures", "/tools/0/slowest_line"),
    ("excessive output", "tool_failures", "/tools/0/largest_result_chars"),
    ("output that commands gave", "tool_failures", "/commands/0/largest_result_chars"),
    ("the slowest commands, longest and mean", "tool_failures", "/commands/0/avg_ms"),
    ("tools by server", "tool_failures", "/servers/0/total_ms"),
    ("patterns of commands", "tool_failures", "/commands/0"),
    ("true failures", "tool_failures", "/tool_failures"),
    ("repeated failures", "tool_failures", "/repeated_failures/0"),
    ("failures in a row", "tool_failures", "/failure_streaks/0/count"),
    ("duplicated work", "worktree", "/duplicates/0"),
    ("time that repeating took", "tool_failures", "/duplicates/0/repeated_ms"),
    ("work that agents did twice over", "tool_failures", "/duplicates/0/agents/1"),
    ("tokens and cost by agent", "three_vote", "/agents/0/input_tokens"),
    ("share of the cost by agent", "three_vote", "/agents/0/cost_share"),
    ("share of the prompt that was cached", "three_vote", "/cache_hit_rate"),
    ("the same by agent", "three_vote", "/agents/1/cache_hit_rate"),
    ("cached tokens by round", "three_vote", "/agents/1/segments/3/spend/cached_tokens"),
    ("tokens of reasoning", "three_vote", "/reasoning_tokens"),
    ("cost by round", "three_vote", "/agents/0/segments/3/spend/cost_usd"),
    ("tokens that no round holds", "three_vote", "/unattributed_input_tokens"),
    ("requests by round", "three_vote", "/api/by_round/0/time_ms"),
    ("time to first token, replies without text left out", "three_vote", "/api/avg_ttft_ms"),
    ("failed requests", "api_faults", "/api_errors"),
    ("forced retries with their reason", "enforcement", "/enforcement/0/reason"),
    ("forced retries by round", "enforcement", "/enforcement/0/by_round"),
    ("output that retries threw away", "enforcement", "/enforcement/0/chars_lost"),
    ("votes that did not count", "three_vote", "/ignored_votes"),
    ("what the text of an answer is", "three_vote", "/answers/0/opening"),
    ("how alike the answers of two agents are", "three_vote", "/answers/1/most_alike/similarity"),
    ("time of rounds that were cut off", "three_vote", "/agents/0/restarted_ms"),
    ("exceptions", "api_faults", "/log_errors"),
    ("subagents with their own run", "subagents", "/subagent_runs/0/run/outcome"),
    ("calls that never ended", "killed_midrun", "/unfinished_tool_calls"),
    ("calls of tools that are not there", "tool_failures", "/unknown_tool_calls"),
    ("errors of agents", "api_faults", "/agents/0/recorded_state"),
    ("where a figure comes from", "three_vote", "/sources/0/file"),
];

#[test]
fn every_question_is_answered() {
    let mut known: std::collections::BTreeMap<&str, Value> = Default::default();
    let mut open = Vec::new();
    for (question, run, pointer) in QUESTIONS {
        let facts = known.entry(run).or_insert_with(|| facts(run));
        let attempt = facts["attempts"].as_array().unwrap().last().unwrap();
        if !tells(attempt.pointer(pointer)) {
            open.push(format!("{question}: {run}{pointer} is {:?}", attempt.pointer(pointer)));
        }
    }
    assert!(open.is_empty(), "{open:#?}");
}

/// What is wrong with records, a run that has it, and the gap that says what was done about it.
const DEFECTS: &[(&str, &str, &str, &str)] = &[
    ("a debug run has no events", "debug_run", "no_events", "missing"),
    ("snapshots copy repositories", "subagents", "copied_repositories", "mended"),
    ("absolute links leave the run", "subagents", "links_out", "mended"),
    ("a documented file is never written", "tool_failures", "no_streaming_debug", "mended"),
    ("events cut answers off", "three_vote", "answers_cut", "mended"),
    ("no cost of a call", "tool_failures", "cost_of_calls", "missing"),
    ("background tools that nobody asked for", "background_tools", "background_end", "missing"),
    ("output is written twice, an event for each chunk", "three_vote", "output_doubled", "mended"),
    ("files number rounds differently", "three_vote", "round_numbers", "mended"),
    ("failures are recorded as successes", "tool_failures", "failures_as_successes", "mended"),
    ("no event ends a round", "three_vote", "round_end", "mended"),
    ("completed before there is an answer", "three_vote", "status_ahead_of_answer", "mended"),
    ("waiting while working, always ok", "three_vote", "agent_state", "mended"),
    ("the session is named like the attempt", "three_vote", "session_id", "mended"),
    ("cost with, tokens without subagents", "subagents", "subagent_cost_in_total", "mended"),
    ("tokens of rounds that were cut off", "three_vote", "unattributed_tokens", "missing"),
    ("requests of a round are always 0", "three_vote", "api_per_round", "missing"),
    ("time to first token counts zeros", "three_vote", "ttft", "missing"),
    ("no list of requests", "three_vote", "api_calls", "missing"),
    ("counters run on", "worktree_restart", "counters_run_on", "mended"),
    ("no winner after a restart", "worktree_restart", "winner_not_recorded", "mended"),
    ("a subagent's status is a phase", "subagents", "subagent_status", "mended"),
    ("a restart overwrites files", "worktree_restart", "overwritten_status", "mended"),
    ("unknown tools leave no event", "tool_failures", "no_call_of_unknown_tools", "mended"),
    ("exit code 0 without an answer", "all_agents_fail", "exit_code", "mended"),
    ("duration is time of agents", "three_vote", "agent_time_as_duration", "mended"),
    ("traces double and lose calls", "tool_failures", "trace_doubled", "mended"),
    ("the server is always mcp", "tool_failures", "server_name", "mended"),
    ("votes name no answer", "three_vote", "vote_labels", "mended"),
    ("no prices", "three_vote", "prices", "missing"),
    ("killed and running look alike", "killed_midrun", "killed_or_running", "missing"),
    ("without metrics", "killed_midrun", "no_metrics", "missing"),
    ("calls without an end", "killed_midrun", "unfinished_calls", "missing"),
];

#[test]
fn every_defect_of_the_record_is_stated() {
    let mut silent = Vec::new();
    for (defect, run, name, state) in DEFECTS {
        if gap(&facts(run), name).as_deref() != Some(state) {
            silent.push(format!("{defect}: {run} does not state {name} as {state}"));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

fn in_attempt(root: &Path, file: &str, change: impl Fn(&str) -> String) {
    let path = root.join("turn_1/attempt_1").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = change(&text);
    assert_ne!(changed, text, "{file} is as it was");
    std::fs::write(path, changed).unwrap();
}

/// `--continue` writes what the second turn does into the first one's files.
#[test]
fn a_continued_turn() {
    let (_dir, root) = unpack("multi_turn");
    for file in ["events.jsonl", "massgen.log"] {
        std::fs::remove_file(root.join("turn_2/attempt_1").join(file)).unwrap();
    }
    let facts = facts_of(&root);
    assert_eq!(facts["turn"], 2);
    assert_eq!(gap(&facts, "no_events").as_deref(), Some("missing"));
    assert_eq!(gap(&facts, "counters_run_on").as_deref(), Some("mended"));
    let attempt = &facts["attempts"][0];
    assert_eq!(attempt["input_tokens"], 45_097 - 22_465);
    assert_eq!(
        (attempt["outcome"].as_str(), attempt["recorded_winner"].is_string()),
        (Some("completed"), true)
    );
    assert!(attempt["wall_ms"].as_u64().unwrap() > 0, "the recorded rounds tell a time");
}

/// The orchestrator ran out of time: no winner, no timeout is recorded, although an answer was presented.
#[test]
fn a_timeout() {
    let (_dir, root) = unpack("three_vote");
    in_attempt(&root, "events.jsonl", |text| {
        let at = text.lines().position(|line| line.contains("final_presentation_start")).unwrap();
        let before = text.lines().nth(at).unwrap();
        let time = &before[..before.find("event_type").unwrap()];
        let timeout = format!(
            "{time}event_type\": \"orchestrator_timeout\", \"agent_id\": null, \"round_number\": 0, \"data\": {{\"timeout_reason\": \"Time limit exceeded (8.0s/8s)\", \"available_answers\": 3, \"selected_agent\": \"agent_b\", \"selection_reason\": \"most votes\", \"agent_answer_summary\": {{}}}}}}"
        );
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(at, &timeout);
        lines.join("\n") + "\n"
    });
    in_attempt(&root, "metrics_summary.json", |text| {
        text.replace("\"winner\": \"agent_b\"", "\"winner\": null")
    });
    in_attempt(&root, "status.json", |text| {
        text.replace("\"winner\": \"agent_b\"", "\"winner\": null")
            .replace("\"finish_reason\": \"completed\"", "\"finish_reason\": \"timeout\"")
    });
    let facts = facts_of(&root);
    let attempt = &facts["attempts"][0];
    assert_eq!((&attempt["outcome"], &attempt["winner"]), (&"timeout".into(), &"agent_b".into()));
    assert!(attempt["recorded_winner"].is_null() && tells(attempt.pointer("/timeouts/0/reason")));
    assert_eq!(gap(&facts, "winner_not_recorded").as_deref(), Some("mended"));
    let problems = facts["problems"].as_array().unwrap();
    let timeout = problems.iter().find(|problem| problem["kind"] == "timeout").unwrap();
    let evidence = &timeout["evidence"][0];
    assert!(evidence["quote"].as_str().unwrap().contains("Time limit exceeded"), "{evidence}");
}

/// Subagents whose every request failed are recorded as completed, with an error as their answer.
#[test]
fn hollow_subagents() {
    let (_dir, root) = unpack("subagents");
    in_attempt(&root, "events.jsonl", |text| {
        text.replace("Final combined: blue.", "❌ agent_a: no successful agents").replace(
            "\\\"input_tokens\\\":16818,\\\"output_tokens\\\":32",
            "\\\"input_tokens\\\":0,\\\"output_tokens\\\":0",
        )
    });
    let facts = facts_of(&root);
    let subagent = &facts["attempts"][0]["subagent_runs"][0];
    assert_eq!(
        (&subagent["said"], &subagent["said_success"], &subagent["gave_an_answer"]),
        (&"completed".into(), &true.into(), &false.into())
    );
    let problems = facts["problems"].as_array().unwrap();
    let hollow = problems.iter().find(|problem| problem["kind"] == "hollow_subagents").unwrap();
    assert!(
        hollow["evidence"][0]["quote"].as_str().unwrap().contains("spawn_subagents"),
        "{hollow}"
    );
}

/// Gaps that belong to backends, prices and tools that no run of the fixtures has.
#[test]
fn gaps_of_other_runs() {
    type Change = fn(&Path);
    let cases: &[(&str, &str, &str, Change)] = &[
        ("no split of reasoning", "three_vote", "reasoning_split", |root| {
            in_attempt(root, "execution_metadata.yaml", |text| {
                text.replace("type: chatcompletion", "type: claude_code")
            });
        }),
        ("free, or no price", "single_ok", "unpriced", |root| {
            in_attempt(root, "metrics_summary.json", |text| {
                let mut json: Value = serde_json::from_str(text).unwrap();
                json["agents"]["agent_a"]["token_usage"]["estimated_cost"] = 0.into();
                json.to_string()
            });
        }),
        ("tools whose models are not seen", "tool_failures", "media_tools", |root| {
            in_attempt(root, "events.jsonl", |text| {
                text.replace("mcp__probe__big", "mcp__media__generate_media")
            });
        }),
        ("no rounds before the first one", "single_ok", "before_coordination", |root| {
            in_attempt(root, "events.jsonl", |text| text.replacen("08:56:28", "08:56:20", 1));
        }),
        ("logs of subagents that are elsewhere", "subagents", "subagent_logs", |root| {
            let attempt = root.join("turn_1/attempt_1");
            for workspace in ["agent_a", "final"] {
                std::fs::remove_dir_all(attempt.join(workspace)).unwrap();
            }
            std::fs::remove_file(attempt.join("subagents")).unwrap();
        }),
    ];
    for (what, run, name, change) in cases {
        let (_dir, root) = unpack(run);
        assert_eq!(gap(&facts_of(&root), name), None, "{what}: {run} has it as it is");
        change(&root);
        assert_eq!(gap(&facts_of(&root), name).as_deref(), Some("missing"), "{what}");
    }
}

/// Two minutes until the first sign of life.
#[test]
fn a_slow_start() {
    let (_dir, root) = unpack("single_ok");
    in_attempt(&root, "events.jsonl", |text| {
        let late = text.lines().map(|line| {
            let is_start = ["round_start", "evaluation_criteria_set", "system_status"]
                .iter()
                .any(|kind| line.contains(kind));
            // Everything that follows the start comes five minutes later.
            if is_start {
                line.to_string()
            } else {
                line.replacen(":56:", ":61:", 1).replacen("T08:61:", "T09:01:", 1)
            }
        });
        late.collect::<Vec<_>>().join("\n") + "\n"
    });
    let facts = facts_of(&root);
    let problems = facts["problems"].as_array().unwrap();
    let slow = problems.iter().find(|problem| problem["kind"] == "slow_start").unwrap();
    assert!(slow["evidence"][0]["quote"].as_str().unwrap().contains("round_start"), "{slow}");
}

/// A run inside a run has facts of its own, and its files are cited where they are.
#[test]
fn runs_of_subagents_are_measured() {
    let (_dir, root) = unpack("subagents");
    let facts = facts_of(&root);
    let subagents = facts["attempts"][0]["subagent_runs"].as_array().unwrap();
    assert!(subagents.len() >= 2, "{subagents:?}");
    for subagent in subagents {
        let run = &subagent["run"];
        assert_eq!(run["outcome"], "completed", "{run}");
        assert!(
            run["wall_ms"].as_u64().unwrap() > 0 && run["rounds"].as_u64().unwrap() > 0,
            "{run}"
        );
        assert_eq!(run["input_tokens"], subagent["input_tokens"]);
        assert!(root.join(run["path"].as_str().unwrap()).join("events.jsonl").is_file(), "{run}");
    }
}

/// Work that was divided among agents: kinds of rounds that only such runs have.
#[test]
fn decomposition() {
    let (_dir, root) = unpack("three_vote");
    let attempt = root.join("turn_1/attempt_1");
    for file in ["metrics_summary.json", "status.json"] {
        let text = std::fs::read_to_string(attempt.join(file)).unwrap();
        let text = text.replace("\"initial_answer\"", "\"decomposition_initial\"");
        std::fs::write(
            attempt.join(file),
            text.replace("\"voting\"", "\"decomposition_refinement\""),
        )
        .unwrap();
    }
    let events = std::fs::read_to_string(attempt.join("events.jsonl")).unwrap();
    let first = events.lines().next().unwrap();
    let time = &first[..first.find("event_type").unwrap()];
    let divided = format!(
        "{time}event_type\": \"subtasks_set\", \"agent_id\": null, \"round_number\": 0, \"data\": {{\"subtasks\": {{\"agent_a\": \"x\"}}}}}}\n"
    );
    std::fs::write(attempt.join("events.jsonl"), divided + &events).unwrap();
    let facts = facts_of(&root);
    let attempt = &facts["attempts"][0];
    assert_eq!(facts["diagnostics"].as_array().unwrap().len(), 0, "{}", facts["diagnostics"]);
    assert_eq!(
        (attempt["outcome"].as_str(), attempt["winner"].as_str()),
        (Some("completed"), Some("agent_b"))
    );
    let kinds: Vec<_> =
        attempt["phases"].as_array().unwrap().iter().map(|phase| &phase["phase"]).collect();
    assert!(
        kinds.iter().any(|kind| kind.as_str().unwrap().starts_with("decomposition_")),
        "{kinds:?}"
    );
}

/// 0.1.48 writes no `async_id`, redacts nothing, has no events for criteria, and keeps restarted rounds out of
/// `round_history`.
#[test]
fn a_run_of_0_1_48() {
    let (_dir, root) = unpack("v050_three_vote");
    let attempt = root.join("turn_1/attempt_1");
    let path = attempt.join("execution_metadata.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let known = facts_of(&root)["version"].as_str().unwrap().to_string();
    std::fs::write(&path, text.replace(&known, "0.1.48")).unwrap();
    let mut removed = 0;
    for file in ["metrics_summary.json", "status.json"] {
        let mut json: Value =
            serde_json::from_str(&std::fs::read_to_string(attempt.join(file)).unwrap()).unwrap();
        for agent in json["agents"].as_object_mut().unwrap().values_mut() {
            if let Some(rounds) = agent.get_mut("round_history").and_then(Value::as_array_mut) {
                let before = rounds.len();
                rounds.retain(|round| round["outcome"] != "restarted");
                removed += before - rounds.len();
            }
        }
        std::fs::write(attempt.join(file), serde_json::to_string_pretty(&json).unwrap()).unwrap();
    }
    assert!(removed > 0);
    let facts = facts_of(&root);
    let attempt = &facts["attempts"][0];
    assert_eq!(facts["version"], "0.1.48");
    assert_eq!(
        (attempt["outcome"].as_str(), attempt["winner"].as_str()),
        (Some("completed"), Some("agent_b"))
    );
    assert!(attempt["restarts"].as_u64().unwrap() > 0, "restarts are told from the events");
    assert!(attempt["unattributed_input_tokens"].as_u64().unwrap() > 0, "the lost rounds are told");
    assert_eq!(
        facts["problems"].as_array().unwrap().iter().filter(|p| p["severity"] == "high").count(),
        0
    );
}
