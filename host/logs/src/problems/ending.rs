//! Rules on how an attempt ended.

use super::{Case, Evidence, ProblemKind};
use crate::events::MomentKind;
use crate::facts::Outcome;

pub(super) fn detect(case: &mut Case<'_>) {
    match case.facts.outcome {
        Outcome::NoAnswer => no_answer(case),
        Outcome::Timeout => timeout(case),
        Outcome::Killed => killed(case),
        Outcome::Interrupted => interrupted(case),
        Outcome::ConfigError => config_error(case),
        Outcome::Error => run_failed(case),
        Outcome::Restarted => restarted(case),
        Outcome::Completed => {}
    }
    false_success(case);
    agent_timeouts(case);
    tie(case);
}

fn tie(case: &mut Case<'_>) {
    if case.facts.tie {
        let line = line_of(case, |kind| matches!(kind, MomentKind::PresentationStart(_)));
        let evidence = line.map(|line| case.event(line, "\"is_tie\": true")).into_iter().collect();
        let title = "the vote was tied and was decided by order, not by quality";
        case.report(ProblemKind::Tie, title.into(), evidence);
    }
}

fn no_answer(case: &mut Case<'_>) {
    let title = "no agent produced an answer, although MassGen ended the run with exit code 0";
    let log = &case.attempt.log;
    let mut evidence: Vec<Evidence> =
        log.no_answer.iter().map(|line| case.at(&log.file, *line, "")).collect();
    evidence.extend(last_trouble(case).map(|line| case.event(line, "❌")));
    case.report(ProblemKind::NoAnswer, title.into(), evidence);
}

fn timeout(case: &mut Case<'_>) {
    let line = line_of(case, |kind| matches!(kind, MomentKind::Timeout(_)));
    let evidence = line.map(|line| case.event(line, "\"timeout_reason\"")).into_iter().collect();
    let recorded = if case.facts.recorded_winner.is_none() {
        "; MassGen recorded neither a winner nor the timeout"
    } else {
        ""
    };
    let title = match &case.facts.winner {
        Some(winner) => format!(
            "the orchestrator timed out; {winner} presented the answer available then{recorded}"
        ),
        None => format!("the orchestrator timed out without an answer{recorded}"),
    };
    case.report(ProblemKind::Timeout, title, evidence);
}

fn killed(case: &mut Case<'_>) {
    let evidence = last_line(case).map(|line| case.event(line, "")).into_iter().collect();
    let title = "the record stops abruptly: the run was killed or is still going on; final metrics are missing";
    case.report(ProblemKind::Killed, title.into(), evidence);
}

fn interrupted(case: &mut Case<'_>) {
    let evidence = last_line(case).map(|line| case.event(line, "")).into_iter().collect();
    let title = "the run was interrupted before it had an answer; MassGen exited with code 0 and recorded no round";
    case.report(ProblemKind::Interrupted, title.into(), evidence);
}

fn config_error(case: &mut Case<'_>) {
    let title = format!(
        "MassGen rejected the configuration before any agent started ({})",
        failure_words(case)
    );
    case.report(ProblemKind::ConfigError, title, failure_evidence(case));
}

fn run_failed(case: &mut Case<'_>) {
    let title = format!("MassGen ended with an error ({})", failure_words(case));
    case.report(ProblemKind::RunFailed, title, failure_evidence(case));
}

/// Stage and reason of a failure, as recorded.
fn failure_words(case: &Case<'_>) -> String {
    let metadata = &case.attempt.metadata;
    let stage = metadata.failure_stage.as_deref().unwrap_or("unknown");
    let reason = metadata.failure_error.as_deref().unwrap_or("no reason recorded");
    format!("{stage}: {reason}")
}

fn failure_evidence(case: &Case<'_>) -> Vec<Evidence> {
    let line = case.attempt.metadata.failure_line;
    if line > 0 { vec![case.metadata(line)] } else { Vec::new() }
}

fn restarted(case: &mut Case<'_>) {
    let banner = case.moments().find_map(|moment| match &moment.kind {
        MomentKind::AttemptRestart(reason) => Some((u64::from(moment.line), reason.clone())),
        _ => None,
    });
    let evidence = banner.iter().map(|(line, _)| case.event(*line, "\"reason\"")).collect();
    let reason = banner.map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
    let title = format!("the answer was discarded and another attempt started{reason}");
    case.report(ProblemKind::AttemptRestarted, title, evidence);
}

/// Reports a run that is recorded as a success, but has no final answer or an unusable one.
fn false_success(case: &mut Case<'_>) {
    let recorded_as_completed =
        case.attempt.status.as_ref().is_some_and(|s| s.finish_reason == "completed");
    let presented = case.moments().rev().find_map(|moment| match &moment.kind {
        MomentKind::FinalAnswer(answer) => Some((u64::from(moment.line), answer.failure.clone())),
        _ => None,
    });
    if let Some((line, Some(reason))) = presented {
        let title = format!(
            "the final answer is unusable ({reason}), but the run is recorded as a success"
        );
        let evidence = vec![case.event(line, "\"content\"")];
        case.report(ProblemKind::FalseSuccess, title, evidence);
        return;
    }
    let has_answer = presented.is_some() || !case.attempt.final_answers.is_empty();
    let may_have_answer = case.events().is_none() && case.facts.winner.is_some();
    if recorded_as_completed && !has_answer && !may_have_answer {
        let title = "the run is recorded as completed but has no final answer: MassGen records completion when the presentation begins";
        let evidence = vec![case.at("status.json", 0, "\"finish_reason\"")];
        case.report(ProblemKind::FalseSuccess, title.into(), evidence);
    }
}

fn agent_timeouts(case: &mut Case<'_>) {
    let timeouts: Vec<_> =
        case.facts.timeouts.iter().filter(|timeout| timeout.agent.is_some()).collect();
    if timeouts.is_empty() {
        return;
    }
    let names: Vec<_> = timeouts.iter().filter_map(|timeout| timeout.agent.as_deref()).collect();
    let title = format!("agents timed out: {}", names.join(", "));
    let evidence = timeouts
        .iter()
        .map(|timeout| {
            case.at(
                "coordination_events.json",
                0,
                &format!("\"details\": {}", serde_json::json!(timeout.reason)),
            )
        })
        .collect();
    case.report(ProblemKind::AgentTimeout, title, evidence);
}

fn line_of(case: &Case<'_>, wanted: fn(&MomentKind) -> bool) -> Option<u64> {
    case.moments().find(|moment| wanted(&moment.kind)).map(|moment| u64::from(moment.line))
}

fn last_line(case: &Case<'_>) -> Option<u64> {
    case.events()?.span.map(|span| span.last_line)
}

fn last_trouble(case: &Case<'_>) -> Option<u64> {
    case.moments()
        .rev()
        .find(|moment| matches!(moment.kind, MomentKind::Trouble(_)))
        .map(|moment| u64::from(moment.line))
}
