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
    ("tools by server", "tool_failures", "/servers/0/total_ms"),
    ("patterns of commands", "tool_failures", "/commands/0"),
    ("true failures", "tool_failures", "/tool_failures"),
    ("repeated failures", "tool_failures", "/repeated_failures/0"),
    ("duplicated work", "worktree", "/duplicates/0"),
    ("tokens and cost by agent", "three_vote", "/agents/0/input_tokens"),
    ("share of the cost by agent", "three_vote", "/agents/0/cost_share"),
    ("cost by round", "three_vote", "/agents/0/segments/3/spend/cost_usd"),
    ("tokens that no round holds", "three_vote", "/unattributed_input_tokens"),
    ("requests by round", "three_vote", "/api/by_round/0/time_ms"),
    ("time to first token, replies without text left out", "three_vote", "/api/avg_ttft_ms"),
    ("failed requests", "api_faults", "/api_errors"),
    ("forced retries with their reason", "enforcement", "/enforcement/0/reason"),
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
    ("a continued turn has no events", "multi_turn", "counters_run_on", "mended"),
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
