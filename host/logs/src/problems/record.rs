//! Rules on the record itself: figures that MassGen gets wrong in this attempt, and missing files.

use super::words::counted;
use super::{Case, ProblemKind, Severity};

/// A recorded duration that differs from the wall time by a larger share is reported.
const DURATION_SHARE: f64 = 0.1;

/// A larger share of unattributed tokens makes per-round figures useless.
const UNATTRIBUTED_SHARE: f64 = 0.25;

/// Longer texts before a colon are not the name of an exception.
const EXCEPTION_BYTES_MAX: usize = 80;

pub(super) fn detect(case: &mut Case<'_>) {
    keys_in_clear(case);
    duration(case);
    tokens(case);
    no_events(case);
    no_winner(case);
    ignored_votes(case);
    exceptions(case);
}

fn exceptions(case: &mut Case<'_>) {
    let log = &case.attempt.log;
    if log.exception_count == 0 {
        return;
    }
    let mut names: Vec<&str> = log
        .exceptions
        .iter()
        .map(|(_, message)| message.split(':').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty() && name.len() < EXCEPTION_BYTES_MAX)
        .collect();
    names.sort_unstable();
    names.dedup();
    let listed = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    let title = format!(
        "{} with a stack trace in the text log{listed}",
        counted(log.exception_count, "exception", "exceptions")
    );
    let evidence = log.exceptions.iter().map(|(line, _)| case.at(&log.file, *line, "")).collect();
    case.report(ProblemKind::Exceptions, title, evidence);
}

fn keys_in_clear(case: &mut Case<'_>) {
    let lines = &case.attempt.metadata.key_lines;
    if !lines.is_empty() {
        let evidence = lines.iter().map(|line| case.metadata(*line)).collect();
        let title = "the configuration that MassGen stored contains an API key in plain text";
        case.report(ProblemKind::KeyInClear, title.into(), evidence);
    }
}

fn duration(case: &mut Case<'_>) {
    let wall = case.facts.wall_ms;
    let Some(recorded) = case.facts.recorded_duration_ms else { return };
    if wall > 0 && (recorded as f64 - wall as f64).abs() > DURATION_SHARE * wall as f64 {
        let title = format!(
            "MassGen's duration of {recorded} ms is the sum of its agents' rounds; the wall time is {wall} ms"
        );
        let counters = &case.attempt.counters;
        let has_rounds = counters.agents.values().any(|agent| !agent.rounds.is_empty());
        let needle = if has_rounds { "\"duration_ms\"" } else { "\"total_rounds\"" };
        let evidence = vec![case.at(&counters.file, 0, needle)];
        case.report(ProblemKind::DurationIsAgentTime, title, evidence);
    }
}

fn tokens(case: &mut Case<'_>) {
    let facts = case.facts;
    if facts.recorded_input_tokens > facts.input_tokens {
        let title = format!(
            "MassGen's counters are cumulative: {} prompt tokens are recorded, {} belong to this attempt",
            facts.recorded_input_tokens, facts.input_tokens
        );
        let evidence = vec![case.at(&case.attempt.counters.file, 0, "\"input_tokens\"")];
        case.report(ProblemKind::CountersRunOn, title, evidence);
    }
    if facts.unattributed_input_tokens > 0 {
        let share = facts.unattributed_input_tokens as f64 / facts.input_tokens.max(1) as f64;
        let severity = if share > UNATTRIBUTED_SHARE { Severity::Medium } else { Severity::Low };
        let title = format!(
            "{} of {} prompt tokens ({:.0} %) belong to rounds that were cut off and appear in no round's figures",
            facts.unattributed_input_tokens,
            facts.input_tokens,
            share * 100.0
        );
        let evidence = vec![case.at(&case.attempt.counters.file, 0, "\"input_tokens\"")];
        case.report_as(ProblemKind::UnattributedTokens, severity, title, evidence);
    }
}

fn no_events(case: &mut Case<'_>) {
    if !case.facts.has_events {
        let title = "events.jsonl is missing (a debug run does not write one): tool calls and times are unknown";
        let evidence = vec![case.at(&case.attempt.log.file, 1, "")];
        case.report(ProblemKind::NoEvents, title.into(), evidence);
    }
}

fn no_winner(case: &mut Case<'_>) {
    let Some(winner) = &case.facts.winner else { return };
    if case.facts.recorded_winner.is_none() && !case.facts.timed_out {
        let title = format!("MassGen recorded no winner; {winner} presented");
        let evidence = vec![case.at("status.json", 0, "\"winner\"")];
        case.report(ProblemKind::WinnerNotRecorded, title, evidence);
    }
}

fn ignored_votes(case: &mut Case<'_>) {
    if case.facts.ignored_votes > 0 {
        let title = format!(
            "{} discarded because a new answer arrived",
            counted(case.facts.ignored_votes, "vote was", "votes were")
        );
        let evidence = vec![case.at("coordination_events.json", 0, "vote_ignored")];
        case.report(ProblemKind::IgnoredVotes, title, evidence);
    }
}
