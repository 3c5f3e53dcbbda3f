#![expect(clippy::unwrap_used, reason = "a test may")]
//! Real runs, measured, against what was observed of them; and broken ones, which must still be read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use massgen_logs::facts::{Facts, Outcome};
use massgen_logs::problems::Severity;
use massgen_logs::redact::Redactor;
use massgen_logs::{examine, examine_with, export, locate, overview};

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

fn kinds(facts: &Facts) -> Vec<&'static str> {
    facts.problems.iter().map(|problem| problem.kind).collect()
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
        assert_eq!(overview.outcome, outcome.as_str(), "{name} in the list");
    }
    let restarted = facts("worktree_restart");
    assert_eq!(restarted.attempts[0].outcome, Outcome::Restarted);
    assert_eq!(restarted.attempts[1].outcome, Outcome::Completed);
}

#[test]
fn planted_faults_are_among_the_problems() {
    for (name, expect) in [
        ("three_vote", &["unattributed_tokens", "duration_is_agent_time", "self_vote"][..]),
        (
            "tool_failures",
            &[
                "hidden_tool_failures",
                "unknown_tool",
                "repeated_failure",
                "duplicated_work",
                "agent_failed",
                "enforcement",
                "large_output",
            ],
        ),
        ("worktree", &["duplicated_work", "unattributed_tokens"]),
        (
            "worktree_restart",
            &[
                "attempt_restarted",
                "hidden_tool_failures",
                "counters_run_on",
                "winner_not_recorded",
            ],
        ),
        ("multi_turn", &["counters_run_on"]),
        ("api_faults", &["api_errors", "agent_failed"]),
        ("all_agents_fail", &["no_answer", "key_refused", "api_errors"]),
        ("missing_api_key", &["no_answer", "missing_api_key"]),
        ("single_no_answer_rc0", &["no_answer", "enforcement"]),
        ("config_error", &["config_error", "key_in_clear"]),
        ("api_key_in_config", &["run_failed", "key_in_clear"]),
        ("enforcement", &["enforcement", "unattributed_tokens"]),
        ("answer_limits", &["tie", "enforcement"]),
        ("killed_midrun", &["killed", "unfinished_tool_calls"]),
        ("interrupted_sigint", &["interrupted", "unfinished_tool_calls"]),
        ("background_tools", &["background_wait"]),
        ("checklist", &["hidden_tool_failures"]),
        ("subagents_spawn_error", &["hidden_tool_failures"]),
        ("debug_run", &["no_events"]),
    ] {
        let kinds = kinds(&facts(name));
        for kind in expect {
            assert!(kinds.contains(kind), "{name}: {kind} is not in {kinds:?}");
        }
    }
}

#[test]
fn clean_runs_have_no_grave_problem() {
    for name in [
        "single_ok",
        "three_vote",
        "v050_three_vote",
        "multi_turn",
        "worktree",
        "background_tools",
        "subagents",
    ] {
        let facts = facts(name);
        let grave: Vec<_> =
            facts.problems.iter().filter(|p| p.severity == Severity::High).collect();
        assert!(grave.is_empty(), "{name}: {grave:?}");
    }
}

#[test]
fn evidence_stands_at_the_cited_lines_and_holds_no_key() {
    let mut cited = 0;
    for name in names() {
        let (_dir, root) = unpack(&name);
        let facts = facts_of(&root, None);
        for problem in &facts.problems {
            for evidence in &problem.evidence {
                let text = std::fs::read_to_string(root.join(&evidence.file)).unwrap();
                let line = text.lines().nth(evidence.line_start as usize - 1).unwrap();
                let line = Redactor::default().line(line).into_owned();
                assert!(line.contains(&evidence.quote), "{name} {}: {:?}", problem.kind, evidence);
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
    assert!(facts.diagnostics[0].message.contains("is no event"), "{:?}", facts.diagnostics);
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
