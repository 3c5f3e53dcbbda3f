//! Rules on how an attempt ended.

use super::Severity::{High, Low, Medium};
use super::{Case, Evidence};
use crate::events::MomentKind;
use crate::facts::Outcome;

pub(super) fn detect(case: &mut Case<'_>) {
    match case.facts.outcome {
        Outcome::NoAnswer => no_answer(case),
        Outcome::Timeout => timeout(case),
        Outcome::Killed => killed(case),
        Outcome::Interrupted => interrupted(case),
        Outcome::ConfigError | Outcome::Error => failed(case),
        Outcome::Restarted => restarted(case),
        Outcome::Completed => {}
    }
    false_success(case);
    agent_timeouts(case);
    if case.facts.tie {
        let line = line_of(case, |kind| matches!(kind, MomentKind::PresentationStart(_)));
        let evidence = line.map(|line| case.event(line, "\"is_tie\": true")).into_iter().collect();
        case.report(
            "tie",
            Low,
            "the vote was a tie and was decided by order, not by quality".into(),
            "use an odd number of agents, or ask for a post-evaluation",
            evidence,
        );
    }
}

fn no_answer(case: &mut Case<'_>) {
    let title =
        "no agent produced an answer, although MassGen ends such a run with exit code 0".into();
    let mut evidence: Vec<Evidence> = case
        .attempt
        .log
        .no_answer
        .iter()
        .map(|line| case.at(&case.attempt.log.file, *line, ""))
        .collect();
    evidence.extend(last_trouble(case).map(|line| case.event(line, "❌")));
    case.report(
        "no_answer",
        High,
        title,
        "do not trust the exit code; look at the failed requests and forced retries of each agent",
        evidence,
    );
}

fn timeout(case: &mut Case<'_>) {
    let line = line_of(case, |kind| matches!(kind, MomentKind::Timeout(_)));
    let evidence = line.map(|line| case.event(line, "\"timeout_reason\"")).into_iter().collect();
    let recorded = if case.facts.recorded_winner.is_none() {
        "; MassGen records no winner and no timeout for it"
    } else {
        ""
    };
    let title = match &case.facts.winner {
        Some(winner) => {
            format!("the orchestrator ran out of time; {winner} presented what there was{recorded}")
        }
        None => format!("the orchestrator ran out of time without an answer{recorded}"),
    };
    case.report(
        "timeout",
        High,
        title,
        "raise orchestrator timeout, or give the agents less to do per round",
        evidence,
    );
}

fn killed(case: &mut Case<'_>) {
    let evidence = last_line(case).map(|line| case.event(line, "")).into_iter().collect();
    let title = "the run ended without a word: it was killed, or is still going on; there are no final metrics".into();
    case.report(
        "killed",
        High,
        title,
        "figures of this run are what was written until then; run it again if the answer matters",
        evidence,
    );
}

fn interrupted(case: &mut Case<'_>) {
    let evidence = last_line(case).map(|line| case.event(line, "")).into_iter().collect();
    let title = "the run was interrupted before an answer; MassGen ends it with exit code 0 and records no round".into();
    case.report(
        "interrupted",
        Medium,
        title,
        "the tokens were spent all the same: see the attempt's own figures",
        evidence,
    );
}

fn failed(case: &mut Case<'_>) {
    let metadata = &case.attempt.metadata;
    let stage = metadata.failure_stage.as_deref().unwrap_or("unknown");
    let why = metadata.failure_error.as_deref().unwrap_or("no reason is recorded");
    let evidence = [metadata.failure_line]
        .into_iter()
        .filter(|line| *line > 0)
        .map(|line| case.metadata(line))
        .collect();
    let (kind, title) = match case.facts.outcome {
        Outcome::ConfigError => (
            "config_error",
            format!(
                "MassGen ended before any agent began ({stage}: {why}): the configuration is refused"
            ),
        ),
        _ => ("run_failed", format!("MassGen ended with an error ({stage}: {why})")),
    };
    case.report(
        kind,
        High,
        title,
        "read the end of massgen.log and mend the configuration",
        evidence,
    );
}

fn restarted(case: &mut Case<'_>) {
    let banner = case.moments().find_map(|moment| match &moment.kind {
        MomentKind::AttemptRestart(reason) => Some((u64::from(moment.line), reason.clone())),
        _ => None,
    });
    let evidence = banner.iter().map(|(line, _)| case.event(*line, "\"reason\"")).collect();
    let reason = banner.map(|(_, reason)| format!(": {reason}")).unwrap_or_default();
    let title = format!("the answer was thrown away and the attempt began again{reason}");
    case.report(
        "attempt_restarted",
        Medium,
        title,
        "say in the question what the post-evaluation found missing",
        evidence,
    );
}

/// The run says that it succeeded, and did not: it claims completion without an answer, or its answer is
/// none.
fn false_success(case: &mut Case<'_>) {
    let claims = case.attempt.status.as_ref().is_some_and(|s| s.finish_reason == "completed");
    let presented = case.moments().rev().find_map(|moment| match &moment.kind {
        MomentKind::FinalAnswer(answer) => Some((u64::from(moment.line), answer.failure.clone())),
        _ => None,
    });
    if let Some((line, Some(why))) = presented {
        let title = format!("the final answer is none ({why}), and the run ends as a success");
        let evidence = vec![case.event(line, "\"content\"")];
        case.report(
            "false_success",
            High,
            title,
            "read what the winner wrote before: its own answers are beside the final one",
            evidence,
        );
        return;
    }
    let has_answer = presented.is_some() || !case.attempt.final_answers.is_empty();
    let may_have = case.events().is_none() && case.facts.winner.is_some();
    if claims && !has_answer && !may_have {
        let title = "the run is recorded as completed, and there is no final answer: that is recorded when the presentation begins".into();
        let evidence = vec![case.at("status.json", 0, "\"finish_reason\"")];
        case.report(
            "false_success",
            High,
            title,
            "the answers that were handed in are complete: take the winner's last one",
            evidence,
        );
    }
}

fn agent_timeouts(case: &mut Case<'_>) {
    let mine: Vec<_> =
        case.facts.timeouts.iter().filter(|timeout| timeout.agent.is_some()).collect();
    if mine.is_empty() {
        return;
    }
    let names: Vec<_> = mine.iter().filter_map(|timeout| timeout.agent.as_deref()).collect();
    let title = format!("agents ran out of time: {}", names.join(", "));
    let evidence = mine
        .iter()
        .map(|timeout| {
            case.at(
                "coordination_events.json",
                0,
                &format!("\"details\": {}", serde_json::json!(timeout.reason)),
            )
        })
        .collect();
    case.report(
        "agent_timeout",
        Medium,
        title,
        "their work of that round is lost: raise the timeout of a round, or give them less to do",
        evidence,
    );
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
