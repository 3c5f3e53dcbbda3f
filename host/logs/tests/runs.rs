#![expect(clippy::unwrap_used, reason = "a test may")]
//! Real runs, measured, against what was observed of them; and broken ones, which must still be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use massgen_logs::facts::{Facts, Outcome};
use massgen_logs::problems::Severity;
use massgen_logs::redact::Redactor;
use massgen_logs::{examine, examine_with, export, locate, overview, timeline};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/runs");

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(FIXTURES)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().to_str()?.strip_suffix(".tar.gz").map(String::from)
        })
        .collect();
    names.sort();
    names
}

fn unpack(name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = std::fs::File::open(format!("{FIXTURES}/{name}.tar.gz")).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(dir.path()).unwrap();
    let run = locate::list(&dir.path().join(name)).unwrap().remove(0).root;
    (dir, run)
}

fn facts_of(root: &Path, turn: Option<u32>) -> Facts {
    let run = locate::run_dir(root).unwrap();
    examine(&run, turn, &Redactor::default())
}

fn facts(name: &str) -> Facts {
    let (_dir, root) = unpack(name);
    facts_of(&root, None)
}

/// Agent and tool of every call that the picture of a run shows as failed.
fn failed_calls(dir: &locate::RunDir, facts: &Facts, attempt: u32) -> Vec<String> {
    let run = massgen_logs::read::read(dir, Some(facts.turn));
    let picture = timeline::timeline(&run, facts, &Redactor::default());
    let track = picture.attempts.iter().find(|track| track.attempt == attempt).unwrap();
    let mut failed: Vec<String> = Vec::new();
    for lane in &track.lanes {
        let mine = lane.calls.iter().filter(|call| call.state == "failed");
        failed.extend(mine.map(|call| format!("{}:{}", lane.agent, call.tool)));
    }
    failed.sort();
    failed
}

/// The same of what was observed, which says behind each how it failed.
fn listed(observed: &serde_json::Value) -> Vec<String> {
    let calls = observed.as_array().unwrap().iter().map(|call| call.as_str().unwrap());
    let mut calls: Vec<String> =
        calls.map(|call| call.rsplit_once(':').unwrap().0.to_string()).collect();
    calls.sort();
    calls
}

#[test]
fn every_attempt_equals_what_was_observed() {
    let truth: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(format!("{FIXTURES}/truth.json")).unwrap())
            .unwrap();
    let mut checked = 0;
    for name in names() {
        let (_dir, root) = unpack(&name);
        let run = locate::run_dir(&root).unwrap();
        for turn in &run.turns {
            let facts = facts_of(&root, Some(turn.number));
            for attempt in &facts.attempts {
                let key =
                    format!("{name}/{}/turn_{}/attempt_{}", run.name, turn.number, attempt.attempt);
                let observed =
                    truth.get(&key).unwrap_or_else(|| panic!("{key} is not in truth.json"));
                if observed["events"].is_null() {
                    assert!(!attempt.has_events, "{key}");
                    continue;
                }
                checked += 1;
                let figure =
                    |name: &str| observed[name].as_u64().unwrap_or_else(|| panic!("{key}: {name}"));
                assert_eq!(attempt.tool_calls, figure("tool_calls"), "{key} calls");
                assert_eq!(attempt.tool_failures, figure("true_failed"), "{key} failures");
                assert_eq!(
                    attempt.unfinished_tool_calls,
                    figure("unfinished_tool_calls"),
                    "{key} unfinished"
                );
                assert_eq!(
                    failed_calls(&run, &facts, attempt.attempt),
                    listed(&observed["failed"]),
                    "{key}"
                );
                let wall = observed["event_span_s"].as_f64().unwrap();
                let has_wall = attempt.has_events && figure("events") > 0;
                assert!(
                    !has_wall || (attempt.wall_ms as f64 / 1000.0 - wall).abs() < 0.006,
                    "{key} wall {}",
                    attempt.wall_ms
                );
                let mut counts: Vec<u64> = attempt.duplicates.iter().map(|d| d.count).collect();
                let mut expect: Vec<u64> = observed["duplicate_calls"]
                    .as_object()
                    .unwrap()
                    .values()
                    .map(|v| v.as_u64().unwrap())
                    .collect();
                counts.sort_unstable();
                expect.sort_unstable();
                assert_eq!(counts, expect, "{key} duplicates");
                if let Some(orphan) = observed["orphan_in"].as_u64() {
                    assert_eq!(attempt.unattributed_input_tokens, orphan, "{key} unattributed");
                    assert_eq!(
                        attempt.recorded_input_tokens,
                        observed["tokens_total_in"].as_u64().unwrap(),
                        "{key} recorded tokens"
                    );
                    let duration = observed["massgen_duration_s"].as_f64().unwrap();
                    let recorded = attempt.recorded_duration_ms.unwrap() as f64 / 1000.0;
                    assert!(
                        (recorded - duration).abs() < 0.006,
                        "{key} recorded duration {recorded}"
                    );
                }
            }
        }
    }
    assert_eq!(checked, truth.len() - 1);
}

#[test]
fn outcomes() {
    for (name, outcome) in [
        ("single_ok", Outcome::Completed),
        ("three_vote", Outcome::Completed),
        ("debug_run", Outcome::Completed),
        ("api_faults", Outcome::Completed),
        ("all_agents_fail", Outcome::NoAnswer),
        ("missing_api_key", Outcome::NoAnswer),
        ("single_no_answer_rc0", Outcome::NoAnswer),
        ("config_error", Outcome::ConfigError),
        ("api_key_in_config", Outcome::Error),
        ("killed_midrun", Outcome::Killed),
        ("interrupted_sigint", Outcome::Interrupted),
    ] {
        let (_dir, root) = unpack(name);
        let facts = facts_of(&root, None);
        assert_eq!(facts.last_attempt().unwrap().outcome, outcome, "{name}");
        let overview = overview::overview(&locate::run_dir(&root).unwrap());
        assert_eq!(overview.outcome, outcome, "{name} in the list");
    }
    let restarted = facts("worktree_restart");
    assert_eq!(restarted.attempts[0].outcome, Outcome::Restarted);
    assert_eq!(restarted.attempts[1].outcome, Outcome::Completed);
}

/// Run, the fault that was planted in it, and what a reader finds on the cited lines, one for each piece of evidence
/// that has to be there.
const PLANTED: &[(&str, &str, &[&str])] = &[
    ("three_vote", "unattributed_tokens", &["40885"]),
    ("three_vote", "duration_is_agent_time", &["duration_ms"]),
    ("three_vote", "self_vote", &["\"target_id\": \"agent_c\"", "\"target_id\": \"agent_b\""]),
    ("three_vote", "cut_off_rounds", &["round_start", "round_start", "round_start"]),
    ("v050_three_vote", "cut_off_rounds", &["round_start"]),
    (
        "tool_failures",
        "hidden_tool_failures",
        &[
            "backend unavailable (attempt 1)",
            "backend unavailable (attempt 2)",
            "boom: command failed",
            "custom_tool__explode",
            "custom_tool__soft_fail",
        ],
    ),
    ("tool_failures", "unknown_tool", &["mcp__probe__does_not_exist"]),
    ("tool_failures", "repeated_failure", &["boom: command failed"]),
    (
        "tool_failures",
        "duplicated_work",
        &["\"key\": \"alpha\"", "npm install left-pad", "make fail", "\"seconds\": 1.0"],
    ),
    ("tool_failures", "agent_failed", &["Invalid agent_id after 3 attempts"]),
    ("tool_failures", "enforcement", &["Retry (1/3): Invalid agent_id"]),
    ("tool_failures", "large_output", &["line 00000 lorem ipsum"]),
    ("worktree", "duplicated_work", &["mcp__filesystem__edit_file"]),
    ("worktree", "unattributed_tokens", &["83973"]),
    ("worktree_restart", "attempt_restarted", &["The greeting has a typo"]),
    ("worktree_restart", "hidden_tool_failures", &["Could not find exact match"]),
    ("worktree_restart", "counters_run_on", &["67304"]),
    ("worktree_restart", "winner_not_recorded", &["\"winner\": null"]),
    ("multi_turn", "counters_run_on", &["45097"]),
    ("api_faults", "api_errors", &["Error code: 400", "Error code: 400", "Error code: 400"]),
    (
        "api_faults",
        "agent_failed",
        &["failed to use workflow tools after 3 attempts", "Invalid agent_id after 3 attempts"],
    ),
    ("all_agents_fail", "no_answer", &["no successful agents"]),
    ("all_agents_fail", "key_refused", &["Error code: 401"]),
    ("all_agents_fail", "api_errors", &["Error code: 401"]),
    ("missing_api_key", "no_answer", &["no successful agents"]),
    ("missing_api_key", "missing_api_key", &["api_key client option must be set"]),
    ("single_no_answer_rc0", "no_answer", &["no successful agents"]),
    ("single_no_answer_rc0", "enforcement", &["Cannot vote when no answers exist"]),
    ("config_error", "config_error", &["failure_error: '1'"]),
    ("config_error", "key_in_clear", &["api_key: "]),
    ("api_key_in_config", "run_failed", &["ChatCompletionsBackend() got multiple"]),
    ("api_key_in_config", "key_in_clear", &["api_key: "]),
    (
        "enforcement",
        "enforcement",
        &["must use workflow tools", "Invalid agent_id", "both 'vote' and 'new_answer'"],
    ),
    ("enforcement", "unattributed_tokens", &["58151"]),
    ("answer_limits", "tie", &["\"is_tie\": true"]),
    ("answer_limits", "enforcement", &["reached your answer limit"]),
    ("killed_midrun", "killed", &["tool_start"]),
    ("killed_midrun", "unfinished_tool_calls", &["\"seconds\": 60"]),
    ("interrupted_sigint", "interrupted", &["tool_start"]),
    ("interrupted_sigint", "unfinished_tool_calls", &["\"seconds\": 60"]),
    ("background_tools", "background_wait", &["wait_for_background_tool"]),
    ("checklist", "hidden_tool_failures", &["\\\"valid\\\": false"]),
    ("subagents_spawn_error", "hidden_tool_failures", &["\\\"success\\\":false"]),
    ("subagents_spawn_error", "failed_subagents", &["spawn_subagents"]),
    ("debug_run", "no_events", &["Debug logging enabled"]),
];

#[test]
fn planted_faults_are_found_at_the_cited_lines() {
    let mut known: BTreeMap<&str, (tempfile::TempDir, PathBuf, Facts)> = BTreeMap::new();
    for (name, kind, wanted) in PLANTED {
        let (_, root, facts) = known.entry(name).or_insert_with(|| {
            let (dir, root) = unpack(name);
            let facts = facts_of(&root, None);
            (dir, root, facts)
        });
        let problems = facts.problems.iter().filter(|problem| problem.kind.as_str() == *kind);
        let mut lines: Vec<String> = problems
            .flat_map(|problem| &problem.evidence)
            .map(|evidence| {
                let text = std::fs::read_to_string(root.join(&evidence.file)).unwrap();
                text.lines().nth(evidence.line_start as usize - 1).unwrap().to_string()
            })
            .collect();
        for words in *wanted {
            let at = lines.iter().position(|line| line.contains(words));
            let at = at.unwrap_or_else(|| panic!("{name} {kind}: {words:?} is not in {lines:#?}"));
            lines.remove(at);
        }
    }
    let without: Vec<_> =
        names().into_iter().filter(|name| !known.contains_key(name.as_str())).collect();
    assert_eq!(without, ["single_ok", "subagents"], "runs without a fault");
}

/// What is grave in each run, and nothing else: the clean ones have nothing, nor have those whose fault did not
/// keep them from their answer.
#[test]
fn only_what_is_grave_is_called_so() {
    let grave: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("all_agents_fail", &["agent_failed", "key_refused", "no_answer"][..]),
        ("api_faults", &["agent_failed"]),
        ("api_key_in_config", &["key_in_clear", "run_failed"]),
        ("config_error", &["config_error", "key_in_clear"]),
        ("killed_midrun", &["killed"]),
        ("missing_api_key", &["agent_failed", "missing_api_key", "no_answer"]),
        ("single_no_answer_rc0", &["agent_failed", "no_answer"]),
        ("tool_failures", &["agent_failed"]),
    ]);
    for name in names() {
        let (_dir, root) = unpack(&name);
        for turn in &locate::run_dir(&root).unwrap().turns {
            let facts = facts_of(&root, Some(turn.number));
            let high = facts.problems.iter().filter(|p| p.severity == Severity::High);
            let mut found: Vec<_> = high.map(|problem| problem.kind.as_str()).collect();
            found.sort_unstable();
            found.dedup();
            let expected = grave.get(name.as_str()).copied().unwrap_or_default();
            assert_eq!(found, expected, "{name} turn {}", turn.number);
        }
    }
}

#[test]
fn evidence_stands_at_the_cited_lines_and_holds_no_key() {
    let mut cited = 0;
    for name in names() {
        let (_dir, root) = unpack(&name);
        let facts = facts_of(&root, None);
        for problem in &facts.problems {
            assert!(!problem.evidence.is_empty(), "{name}: {:?} has no evidence", problem.kind);
            for evidence in &problem.evidence {
                let text = std::fs::read_to_string(root.join(&evidence.file)).unwrap();
                let line = text.lines().nth(evidence.line_start as usize - 1).unwrap();
                let line = Redactor::default().line(line).into_owned();
                assert!(
                    line.contains(&evidence.quote),
                    "{name} {:?}: {:?}",
                    problem.kind,
                    evidence
                );
                cited += 1;
            }
        }
        let json = serde_json::to_string(&facts).unwrap();
        assert!(!json.contains("mock-key"), "{name}");
    }
    assert!(cited > 100, "{cited}");
}

#[test]
fn counters_that_run_on_are_told_apart() {
    let restarted = facts("worktree_restart");
    assert_eq!(restarted.attempts[0].input_tokens, 31_063);
    assert_eq!(restarted.attempts[1].input_tokens, 36_241);
    let (_dir, root) = unpack("multi_turn");
    assert_eq!(facts_of(&root, Some(1)).attempts[0].input_tokens, 22_465);
    assert_eq!(facts_of(&root, Some(2)).attempts[0].input_tokens, 45_097 - 22_465);
}

#[test]
fn votes_winner_and_path_of_three_agents() {
    for (name, restarts_known) in [("three_vote", true), ("v050_three_vote", true)] {
        let facts = facts(name);
        let attempt = facts.last_attempt().unwrap();
        assert_eq!(attempt.winner.as_deref(), Some("agent_b"), "{name}");
        assert_eq!(
            attempt.votes.iter().filter(|vote| &*vote.target == "agent_b").count(),
            2,
            "{name}"
        );
        assert_eq!(attempt.answers.len(), 3, "{name}");
        assert_eq!(attempt.restarts > 0, restarts_known, "{name}");
        let path: u64 = attempt.critical_path.iter().map(|leg| leg.ms).sum();
        assert!(path > 0 && path <= attempt.wall_ms + 200, "{name}: {path} of {}", attempt.wall_ms);
        assert_eq!(attempt.critical_path.last().unwrap().agent, "agent_b", "{name}");
    }
}

#[test]
fn parallel_calls_count_once() {
    let facts = facts("tool_failures");
    let agent_b = facts.attempts[0].agents.iter().find(|agent| agent.id == "agent_b").unwrap();
    assert_eq!(agent_b.tool_calls, 4);
    assert!((1700..1800).contains(&agent_b.exec_ms), "{}", agent_b.exec_ms);
    assert_eq!(facts.attempts[0].unknown_tool_calls, 1);
    let path: Vec<_> =
        facts.attempts[0].critical_path.iter().map(|leg| (leg.agent.as_str(), leg.round)).collect();
    assert_eq!(
        path,
        [("agent_a", 0), ("agent_a", 1), ("agent_a", 2)],
        "a late message of agent_b decides nothing"
    );
}

#[test]
fn a_cut_last_line_and_a_foreign_line_are_named() {
    let (_dir, root) = unpack("single_ok");
    let path = root.join("turn_1/attempt_1/events.jsonl");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.insert_str(0, "not json at all\n");
    text.truncate(text.len() - 20);
    std::fs::write(&path, text).unwrap();
    let facts = facts_of(&root, None);
    assert_eq!(facts.diagnostics[0].line, 1);
    assert!(facts.diagnostics[0].message.contains("not an event"), "{:?}", facts.diagnostics);
    assert!(facts.diagnostics[1].message.contains("cut off"), "{:?}", facts.diagnostics);
}

/// A field without a column would be lost without a word.
#[test]
fn every_field_of_a_row_is_a_column() {
    let columns: Vec<&str> = export::columns().collect();
    let mut seen = std::collections::BTreeSet::new();
    for name in names() {
        let (_dir, root) = unpack(&name);
        let dir = locate::run_dir(&root).unwrap();
        let (facts, run) = examine_with(&dir, None, &Redactor::default());
        export::rows(&facts, &run, &mut |row| {
            seen.extend(row.as_object().unwrap().keys().cloned());
        });
    }
    let without: Vec<_> = seen.iter().filter(|field| !columns.contains(&field.as_str())).collect();
    assert!(without.is_empty(), "{without:?}");
    let unused: Vec<_> = columns.iter().filter(|column| !seen.contains(**column)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}
