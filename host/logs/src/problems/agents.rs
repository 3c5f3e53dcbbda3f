//! Rules on single agents: failed requests, forced retries, dropped agents, subagents.

use std::collections::BTreeMap;

use super::words::counted;
use super::{Case, Evidence, ProblemKind};
use crate::events::MomentKind;
use crate::facts::{Enforcement, Outcome, SubagentFacts};

/// A slower start of a round is reported.
const START_MS: u64 = 120_000;

/// Retries in one round from which the title mentions them.
const RETRIES_PER_ROUND_MIN: u64 = 2;

pub(super) fn detect(case: &mut Case<'_>) {
    requests(case);
    dropped(case);
    enforcement(case);
    slow_starts(case);
    self_votes(case);
    subagents(case);
}

fn requests(case: &mut Case<'_>) {
    let log = &case.attempt.log;
    if log.api_error_count == 0 {
        return;
    }
    let evidence_of = |errors: Vec<&(u64, String)>| -> Vec<Evidence> {
        errors.into_iter().map(|(line, _)| case.at(&log.file, *line, "")).collect()
    };
    let with = |sign: &str| {
        log.api_errors.iter().filter(|(_, message)| message.contains(sign)).collect::<Vec<_>>()
    };
    let missing = evidence_of(with("api_key client option"));
    let refused: Vec<_> =
        with("Error code: 401").into_iter().chain(with("Error code: 403")).collect();
    let refused = evidence_of(refused);
    let all = evidence_of(log.api_errors.iter().collect());
    if !missing.is_empty() {
        let title = "an agent had no API key: its requests were never sent";
        case.report(ProblemKind::MissingApiKey, title.into(), missing);
    } else if !refused.is_empty() {
        let count = counted(refused.len() as u64, "failed request", "failed requests");
        let title = format!("the service rejected the API key: {count}");
        case.report(ProblemKind::KeyRefused, title, refused);
    }
    let title = format!(
        "{} failed; MassGen does not count failed requests",
        counted(log.api_error_count, "request to a model service", "requests to model services")
    );
    case.report(ProblemKind::ApiErrors, title, all);
}

fn dropped(case: &mut Case<'_>) {
    for agent in &case.facts.agents {
        let message = drop_message(case, &agent.id);
        let recorded = agent.error.clone();
        let Some(reason) = recorded.or_else(|| {
            let (_, text) = message.as_ref()?;
            Some(text.trim_start_matches(['❌', ' ']).to_string())
        }) else {
            continue;
        };
        let evidence = match message {
            Some((line, _)) => case.event(line, "❌"),
            None => case.at("status.json", 0, &reason),
        };
        let title = format!("{} was dropped: {reason}", agent.id);
        case.report(ProblemKind::AgentFailed, title, vec![evidence]);
    }
}

/// The message with which the orchestrator dropped an agent, and its line.
fn drop_message(case: &Case<'_>, id: &str) -> Option<(u64, String)> {
    let agent = case.events()?.agent_index(id)?;
    case.moments().rev().find_map(|moment| match &moment.kind {
        MomentKind::Trouble(message)
            if moment.agent == agent
                && !message.contains("Retry (")
                && message.contains(" after ")
                && message.contains("attempts") =>
        {
            Some((u64::from(moment.line), message.to_string()))
        }
        _ => None,
    })
}

fn enforcement(case: &mut Case<'_>) {
    let mut ids: Vec<&str> = case.facts.enforcement.iter().map(|e| e.agent.as_str()).collect();
    ids.dedup();
    for id in ids {
        let retries: Vec<_> = case.facts.enforcement.iter().filter(|e| e.agent == id).collect();
        let total: u64 = retries.iter().map(|e| e.count).sum();
        let reasons: Vec<_> =
            retries.iter().map(|e| format!("{} ×{}", e.reason, e.count)).collect();
        let recorded = case.attempt.status.as_ref().and_then(|status| status.agents.get(id));
        let discarded = match recorded.map_or(0, |agent| agent.chars_lost) {
            0 => String::new(),
            chars => format!("; {chars} characters of its output were discarded"),
        };
        let in_one_round = match max_per_round(&retries) {
            count if count >= RETRIES_PER_ROUND_MIN => format!("; {count} times in one round"),
            _ => String::new(),
        };
        let title = format!(
            "{id} was forced to retry {}: {}{in_one_round}{discarded}",
            counted(total, "time", "times"),
            reasons.join(", ")
        );
        let mut lines: Vec<u64> = retries.iter().flat_map(|e| e.lines.iter().copied()).collect();
        lines.sort_unstable();
        lines.dedup();
        let mut evidence: Vec<Evidence> = case.lines(&lines, "❌");
        if evidence.is_empty() {
            evidence.push(case.at("status.json", 0, retries[0].reason.as_str()));
        }
        case.report(ProblemKind::Enforcement, title, evidence);
    }
}

/// The largest number of retries in one round, for any reason.
fn max_per_round(retries: &[&Enforcement]) -> u64 {
    let mut rounds: BTreeMap<u64, u64> = BTreeMap::new();
    for (round, count) in retries.iter().flat_map(|e| &e.by_round) {
        *rounds.entry(*round).or_default() += count;
    }
    rounds.into_values().max().unwrap_or(0)
}

/// Reports rounds with a late first tool call or, without a call, with late first activity.
fn slow_starts(case: &mut Case<'_>) {
    let mut slow = Vec::new();
    let mut evidence = Vec::new();
    for agent in &case.facts.agents {
        for round in &agent.round_list {
            let waited = round.first_tool_ms.or(round.first_activity_ms).unwrap_or(0);
            if waited > START_MS {
                slow.push(format!("{} round {} ({} s)", agent.id, round.round, waited / 1000));
                evidence.extend(case.lines(&[round.line], "\"event_type\""));
            }
        }
    }
    if slow.is_empty() {
        return;
    }
    let title = format!(
        "{} took more than two minutes to a first tool call or, without one, to first activity: {}",
        counted(slow.len() as u64, "round", "rounds"),
        slow.iter().take(super::EVIDENCE_MAX).map(String::as_str).collect::<Vec<_>>().join(", ")
    );
    case.report(ProblemKind::SlowStart, title, evidence);
}

fn self_votes(case: &mut Case<'_>) {
    let votes: Vec<_> =
        case.facts.votes.iter().filter(|vote| vote.counted && vote.voter == vote.target).collect();
    if case.facts.agents.len() < 2 || votes.is_empty() {
        return;
    }
    let names: Vec<_> = votes.iter().map(|vote| &*vote.voter).collect();
    let lines: Vec<u64> = votes.iter().map(|vote| vote.line).collect();
    let evidence = case.lines(&lines, "\"target_id\"");
    let title = format!(
        "{}: {}",
        counted(
            votes.len() as u64,
            "agent voted for its own answer",
            "agents voted for their own answers"
        ),
        names.join(", ")
    );
    case.report(ProblemKind::SelfVote, title, evidence);
}

fn subagents(case: &mut Case<'_>) {
    let runs = &case.facts.subagent_runs;
    let hollow: Vec<_> = runs.iter().filter(|subagent| is_hollow(subagent)).collect();
    let failed: Vec<_> = runs.iter().filter(|s| s.said_success == Some(false)).collect();
    for (kind, subagents, claim) in [
        (ProblemKind::HollowSubagents, hollow, "subagents reported success but returned nothing"),
        (ProblemKind::FailedSubagents, failed, "subagents failed"),
    ] {
        if !subagents.is_empty() {
            let names: Vec<_> = subagents.iter().map(|s| s.id.as_str()).collect();
            let lines: Vec<u64> = subagents.iter().map(|s| s.line).collect();
            let evidence = case.lines(&lines, "\"result\"");
            case.report(kind, format!("{claim}: {}", names.join(", ")), evidence);
        }
    }
}

/// Whether a subagent reported success without an answer or with a failed run.
fn is_hollow(subagent: &SubagentFacts) -> bool {
    let run_failed = subagent.run.as_ref().is_some_and(|run| {
        matches!(run.outcome, Outcome::NoAnswer | Outcome::Error | Outcome::ConfigError)
    });
    subagent.said_success == Some(true) && (subagent.gave_an_answer == Some(false) || run_failed)
}
