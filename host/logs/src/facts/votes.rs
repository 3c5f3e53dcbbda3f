//! Answers, votes and forced retries.

use std::collections::BTreeMap;

use serde::Serialize;

use super::interval::ms;
use crate::run::{Attempt, EventKind};

/// A vote that counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vote {
    /// Who voted.
    pub voter: String,
    /// For which agent.
    #[serde(rename = "for")]
    pub target: String,
    /// Why, cut.
    pub reason: String,
    /// Line in `events.jsonl`; 0 where it comes from elsewhere.
    pub line: u64,
}

/// An answer that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `agent1.2`.
    pub label: String,
    /// Whose it is.
    pub agent: String,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Line in `events.jsonl`; 0 where it comes from elsewhere.
    pub line: u64,
}

/// Retries that the orchestrator forced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enforcement {
    /// On whom.
    pub agent: String,
    /// Why.
    pub reason: String,
    /// How often.
    pub count: u64,
}

pub(super) fn votes(attempt: &Attempt) -> Vec<Vote> {
    let Some(events) = &attempt.events else {
        let cast = attempt.coordination.iter().filter(|event| event.kind == "vote_cast");
        return cast
            .map(|event| Vote {
                voter: event.agent.clone().unwrap_or_default(),
                target: event.subject.clone().unwrap_or_default(),
                reason: event.reason.clone().unwrap_or_default(),
                line: 0,
            })
            .collect();
    };
    let votes = events.iter().filter_map(|event| match &event.kind {
        EventKind::Vote { target, reason } => Some(Vote {
            voter: event.agent.as_deref().unwrap_or_default().to_string(),
            target: target.clone(),
            reason: reason.clone(),
            line: event.line,
        }),
        _ => None,
    });
    votes.collect()
}

pub(super) fn answers(attempt: &Attempt, origin_us: i64) -> Vec<Answer> {
    let Some(events) = &attempt.events else {
        let start = attempt.status.as_ref().map_or(0, |status| status.start_ms);
        let handed_in = attempt.coordination.iter().filter(|event| event.kind == "new_answer");
        return handed_in
            .map(|event| Answer {
                label: event.subject.clone().unwrap_or_default(),
                agent: event.agent.clone().unwrap_or_default(),
                at_ms: u64::try_from(event.at_ms - start).unwrap_or(0),
                line: 0,
            })
            .collect();
    };
    let answers = events.iter().filter_map(|event| match &event.kind {
        EventKind::Answer { label, .. } => Some(Answer {
            label: label.clone(),
            agent: event.agent.as_deref().unwrap_or_default().to_string(),
            at_ms: ms(event.at_us - origin_us),
            line: event.line,
        }),
        _ => None,
    });
    answers.collect()
}

/// From `status.json` or, where that is missing or was overwritten, from the messages that the retries
/// left in the events.
pub(super) fn enforcement(attempt: &Attempt) -> Vec<Enforcement> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (agent, status) in attempt.status.iter().flat_map(|status| &status.agents) {
        for (reason, count) in &status.enforcement {
            *counts.entry((agent.clone(), reason.clone())).or_default() += count;
        }
    }
    if counts.is_empty() {
        for event in attempt.events.iter().flatten() {
            let EventKind::Trouble { message } = &event.kind else { continue };
            let retries = message.matches("Retry (").count() as u64;
            if retries > 0 {
                let agent = event.agent.as_deref().unwrap_or_default().to_string();
                *counts.entry((agent, reason_of(message).into())).or_default() += retries;
            }
        }
    }
    counts
        .into_iter()
        .map(|((agent, reason), count)| Enforcement { agent, reason, count })
        .collect()
}

/// MassGen's word for the reason behind a retry message.
fn reason_of(message: &str) -> &'static str {
    const SIGNS: &[(&str, &str)] = &[
        ("must use workflow tools", "no_workflow_tool"),
        ("no answers exist", "vote_no_answers"),
        ("Invalid agent_id", "invalid_vote_id"),
        ("both 'vote' and 'new_answer'", "vote_and_answer"),
        ("uplicate", "answer_duplicate"),
        ("limit", "answer_limit"),
    ];
    SIGNS.iter().find(|(sign, _)| message.contains(sign)).map_or("other", |(_, reason)| reason)
}
