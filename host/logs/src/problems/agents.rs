//! Rules on single agents: failed requests, forced retries, agents that were given up.

use std::collections::BTreeMap;

use super::Severity::{High, Info, Low, Medium};
use super::{Case, Evidence};
use crate::events::MomentKind;
use crate::facts::{Enforcement, Outcome};

/// A round that starts slower is worth a word.
const START_MS: u64 = 120_000;

/// Retries in one round that are worth a word.
const RETRIES_A_ROUND: u64 = 2;

pub(super) fn detect(case: &mut Case<'_>) {
    requests(case);
    given_up(case);
    enforcement(case);
    slow_starts(case);
    votes(case);
    hollow_subagents(case);
}

fn requests(case: &mut Case<'_>) {
    let log = &case.attempt.log;
    if log.api_error_count == 0 {
        return;
    }
    let place = |(line, _): &(u64, String)| case.at(&log.file, *line, "");
    let with = |sign: &str| {
        log.api_errors.iter().filter(|(_, text)| text.contains(sign)).collect::<Vec<_>>()
    };
    let missing = with("api_key client option");
    let refused: Vec<_> =
        with("Error code: 401").into_iter().chain(with("Error code: 403")).collect();
    let all: Vec<Evidence> = log.api_errors.iter().map(place).collect();
    if !missing.is_empty() {
        let evidence = missing.into_iter().map(place).collect();
        case.report(
            "missing_api_key",
            High,
            "an agent had no API key: its requests were never sent".into(),
            "set the key that the backend's client names, in the environment or a .env file",
            evidence,
        );
    } else if !refused.is_empty() {
        let title = format!("the service refused the key: {} failed requests", refused.len());
        let evidence = refused.into_iter().map(place).collect();
        case.report(
            "key_refused",
            High,
            title,
            "check the key and that it may use this model",
            evidence,
        );
    }
    let title = format!(
        "{} failed, and no metric counts them",
        counted(
            log.api_error_count,
            "request to a model's service",
            "requests to models' services"
        )
    );
    case.report(
        "api_errors",
        Medium,
        title,
        "see massgen.log at the cited lines; retries of the client itself leave no trace at all",
        all,
    );
}

fn given_up(case: &mut Case<'_>) {
    for agent in &case.facts.agents {
        let words = last_words(case, &agent.id);
        let recorded = agent.error.clone();
        let Some(why) = recorded.or_else(|| {
            words.as_ref().map(|(_, message)| message.trim_start_matches(['❌', ' ']).to_string())
        }) else {
            continue;
        };
        let mut evidence: Vec<Evidence> =
            words.iter().map(|(line, _)| case.event(*line, "❌")).collect();
        if evidence.is_empty() {
            evidence.push(case.at("status.json", 0, &why));
        }
        let title = format!("{} was given up: {why}", agent.id);
        case.report(
            "agent_failed",
            High,
            title,
            "its share of the tokens bought nothing; see why at the cited line",
            evidence,
        );
    }
}

/// The message with which the orchestrator gave an agent up.
fn last_words(case: &Case<'_>, id: &str) -> Option<(u64, String)> {
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
        let mine: Vec<_> = case.facts.enforcement.iter().filter(|e| e.agent == id).collect();
        let total: u64 = mine.iter().map(|e| e.count).sum();
        let reasons: Vec<_> = mine.iter().map(|e| format!("{} ×{}", e.reason, e.count)).collect();
        let lost = case
            .attempt
            .status
            .as_ref()
            .and_then(|s| s.agents.get(id))
            .map_or(0, |agent| agent.chars_lost);
        let lost = if lost > 0 {
            format!("; {lost} characters of its output were thrown away")
        } else {
            String::new()
        };
        let in_a_round = most_in_a_round(&mine);
        let flag = if in_a_round >= RETRIES_A_ROUND {
            format!("; {in_a_round} times in one round")
        } else {
            String::new()
        };
        let title = format!(
            "{id} was made to try again {}: {}{flag}{lost}",
            counted(total, "time", "times"),
            reasons.join(", ")
        );
        let mut lines: Vec<u64> = mine.iter().flat_map(|e| e.lines.iter().copied()).collect();
        lines.sort_unstable();
        lines.dedup();
        let mut evidence: Vec<Evidence> = case.lines(&lines, "❌");
        if evidence.is_empty() {
            evidence.push(case.at("status.json", 0, mine[0].reason.as_str()));
        }
        case.report("enforcement", Medium, title, "a model that does not use the workflow tools wastes a request each time; name them in its system message or change the model", evidence);
    }
}

/// The most retries of one round, whatever their reasons.
fn most_in_a_round(mine: &[&Enforcement]) -> u64 {
    let mut rounds: BTreeMap<u64, u64> = BTreeMap::new();
    for (round, count) in mine.iter().flat_map(|e| &e.by_round) {
        *rounds.entry(*round).or_default() += count;
    }
    rounds.into_values().max().unwrap_or(0)
}

/// Rounds in which the first tool call or, without one, the first sign of life let wait for it.
fn slow_starts(case: &mut Case<'_>) {
    let mut slow = Vec::new();
    let mut evidence = Vec::new();
    for agent in &case.facts.agents {
        for segment in &agent.segments {
            let waited = segment.first_tool_ms.or(segment.first_activity_ms).unwrap_or(0);
            if waited > START_MS {
                slow.push(format!("{} round {} ({} s)", agent.id, segment.round, waited / 1000));
                evidence.extend(case.lines(&[segment.line], "\"event_type\""));
            }
        }
    }
    if slow.is_empty() {
        return;
    }
    let title = format!(
        "{} took more than two minutes to a first tool call or, without one, a sign of life: {}",
        counted(slow.len() as u64, "round", "rounds"),
        slow.iter().take(super::EVIDENCE_MAX).map(String::as_str).collect::<Vec<_>>().join(", ")
    );
    case.report(
        "slow_start",
        Low,
        title,
        "servers that start, a long prompt, or a slow service: see the time of requests",
        evidence,
    );
}

fn votes(case: &mut Case<'_>) {
    let own: Vec<_> =
        case.facts.votes.iter().filter(|vote| vote.counted && vote.voter == vote.target).collect();
    let several = case.facts.agents.len() > 1;
    if several && !own.is_empty() {
        let names: Vec<_> = own.iter().map(|vote| &*vote.voter).collect();
        let lines: Vec<u64> = own.iter().map(|vote| vote.line).collect();
        let evidence = case.lines(&lines, "\"target_id\"");
        let title = format!(
            "{} voted for the own answer: {}",
            counted(own.len() as u64, "agent", "agents"),
            names.join(", ")
        );
        case.report(
            "self_vote",
            Info,
            title,
            "a vote for oneself says little about quality",
            evidence,
        );
    }
}

fn hollow_subagents(case: &mut Case<'_>) {
    let false_success = |s: &&crate::facts::SubagentFacts| {
        s.said_success == Some(true)
            && (s.gave_an_answer == Some(false)
                || s.run.as_ref().is_some_and(|run| {
                    matches!(run.outcome, Outcome::NoAnswer | Outcome::Error | Outcome::ConfigError)
                }))
    };
    let hollow: Vec<_> = case.facts.subagent_runs.iter().filter(false_success).collect();
    let failed: Vec<_> =
        case.facts.subagent_runs.iter().filter(|s| s.said_success == Some(false)).collect();
    if !hollow.is_empty() {
        let names: Vec<_> = hollow.iter().map(|s| s.id.as_str()).collect();
        let lines: Vec<u64> = hollow.iter().map(|s| s.line).collect();
        let title =
            format!("subagents are reported as successful and gave nothing: {}", names.join(", "));
        let evidence = case.lines(&lines, "\"result\"");
        case.report(
            "hollow_subagents",
            High,
            title,
            "read their logs: a subagent whose requests all fail is still called a success",
            evidence,
        );
    }
    if !failed.is_empty() {
        let names: Vec<_> = failed.iter().map(|s| s.id.as_str()).collect();
        let lines: Vec<u64> = failed.iter().map(|s| s.line).collect();
        let title = format!("subagents failed: {}", names.join(", "));
        let evidence = case.lines(&lines, "\"result\"");
        case.report(
            "failed_subagents",
            Medium,
            title,
            "the result at the cited line tells why; what they were for was not done by them",
            evidence,
        );
    }
}

/// `1 request`, `2 requests`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
