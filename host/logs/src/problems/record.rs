//! Rules on the record itself: what MassGen's own figures get wrong in this attempt, and what is missing.

use super::Case;
use super::Severity::{High, Info, Low, Medium};

/// A recorded duration that differs from the wall time by more than this share is worth a word.
const DURATION_SHARE: f64 = 0.1;

/// Unattributed tokens beyond this share make per-round figures useless.
const UNATTRIBUTED_SHARE: f64 = 0.25;

pub(super) fn detect(case: &mut Case<'_>) {
    keys_in_clear(case);
    duration(case);
    tokens(case);
    missing(case);
    exceptions(case);
}

fn exceptions(case: &mut Case<'_>) {
    let log = &case.attempt.log;
    if log.exception_count == 0 {
        return;
    }
    let words: Vec<&str> = log
        .exceptions
        .iter()
        .map(|(_, words)| words.split(':').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty() && name.len() < 80)
        .collect();
    let mut names = words.clone();
    names.sort_unstable();
    names.dedup();
    let of = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    let title = format!(
        "{} with a stack in the text log{of}",
        super::agents::counted(log.exception_count, "exception", "exceptions")
    );
    let evidence = log.exceptions.iter().map(|(line, _)| case.at(&log.file, *line, "")).collect();
    case.report(
        "exceptions",
        Low,
        title,
        "MassGen goes on after most of them; read what stands before each",
        evidence,
    );
}

fn keys_in_clear(case: &mut Case<'_>) {
    let lines = &case.attempt.metadata.key_lines;
    if !lines.is_empty() {
        let evidence = lines.iter().map(|line| case.metadata(*line)).collect();
        case.report("key_in_clear", High, "the configuration that MassGen stored holds a key in clear".into(), "replace the key, and pass keys through the environment; `massgen export` would upload this file", evidence);
    }
}

fn duration(case: &mut Case<'_>) {
    let wall = case.facts.wall_ms;
    let Some(recorded) = case.facts.recorded_duration_ms else { return };
    if wall > 0 && (recorded as f64 - wall as f64).abs() > DURATION_SHARE * wall as f64 {
        let title = format!(
            "MassGen shows a duration of {recorded} ms: the sum of its agents' rounds; the wall time is {wall} ms"
        );
        let counters = &case.attempt.counters;
        let has_rounds = counters.agents.values().any(|agent| !agent.rounds.is_empty());
        let needle = if has_rounds { "\"duration_ms\"" } else { "\"total_rounds\"" };
        let evidence = vec![case.at(&counters.file, 0, needle)];
        case.report("duration_is_agent_time", Info, title, "compare runs by wall time", evidence);
    }
}

fn tokens(case: &mut Case<'_>) {
    let facts = case.facts;
    if facts.recorded_input_tokens > facts.input_tokens {
        let title = format!(
            "MassGen's counters run on: {} prompt tokens are recorded, {} belong to this attempt",
            facts.recorded_input_tokens, facts.input_tokens
        );
        case.report(
            "counters_run_on",
            Low,
            title,
            "do not add up the recorded figures of turns and attempts",
            vec![case.at(&case.attempt.counters.file, 0, "\"input_tokens\"")],
        );
    }
    if facts.unattributed_input_tokens > 0 {
        let share = facts.unattributed_input_tokens as f64 / facts.input_tokens.max(1) as f64;
        let severity = if share > UNATTRIBUTED_SHARE { Medium } else { Low };
        let title = format!(
            "{} of {} prompt tokens ({:.0} %) belong to rounds that were cut off and are in no round's figures",
            facts.unattributed_input_tokens,
            facts.input_tokens,
            share * 100.0
        );
        case.report(
            "unattributed_tokens",
            severity,
            title,
            "cost per round is too low by this share; restarts cost more than they seem",
            vec![case.at(&case.attempt.counters.file, 0, "\"input_tokens\"")],
        );
    }
}

fn missing(case: &mut Case<'_>) {
    if !case.facts.has_events {
        let title = "there is no events.jsonl (a debug run does not write one): tool calls and times are not known".into();
        case.report(
            "no_events",
            Low,
            title,
            "run without --debug to get a complete record",
            vec![case.at(&case.attempt.log.file, 1, "")],
        );
    }
    let presented = case.facts.winner.is_some();
    if presented && case.facts.recorded_winner.is_none() && !case.facts.timed_out {
        let title = format!(
            "MassGen records no winner; {} presented",
            case.facts.winner.as_deref().unwrap_or_default()
        );
        case.report(
            "winner_not_recorded",
            Low,
            title,
            "status.json was overwritten or never finished; the events tell who presented",
            vec![case.at("status.json", 0, "\"winner\"")],
        );
    }
    if case.facts.ignored_votes > 0 {
        let title = format!(
            "{} thrown away because a new answer came in",
            super::agents::counted(case.facts.ignored_votes, "vote was", "votes were")
        );
        case.report(
            "ignored_votes",
            Low,
            title,
            "agents that answer at about the same time cost each other a round",
            vec![case.at("coordination_events.json", 0, "vote_ignored")],
        );
    }
}
