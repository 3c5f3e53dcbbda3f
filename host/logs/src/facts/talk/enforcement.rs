//! Retries that the orchestrator forced because an agent misused its workflow tools.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::events::MomentKind;
use crate::run::Attempt;

/// Forced retries of one agent for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enforcement {
    /// The agent.
    pub agent: String,
    /// MassGen's word for the reason.
    pub reason: String,
    /// Number of retries.
    pub count: u64,
    /// Characters of output that they discarded; `null` if `status.json` does not record it.
    pub chars_lost: Option<u64>,
    /// Rounds, as MassGen counts them.
    pub rounds: Vec<u64>,
    /// Number of retries by round.
    pub by_round: BTreeMap<u64, u64>,
    /// Lines of `events.jsonl` that show them.
    pub lines: Vec<u64>,
}

/// Forced retries from `status.json` or, if that is missing or was overwritten, from the retry messages in the events.
pub(super) fn enforcement(attempt: &Attempt) -> Vec<Enforcement> {
    let messages = retry_messages(attempt);
    let mut found: Vec<Enforcement> = Vec::new();
    for (agent, status) in attempt.status.iter().flat_map(|status| &status.agents) {
        for (reason, retries) in &status.enforcement {
            let key = (agent.clone(), reason.clone());
            found.push(Enforcement {
                agent: agent.clone(),
                reason: reason.clone(),
                count: retries.count,
                chars_lost: Some(retries.chars_lost),
                rounds: retries.rounds.keys().copied().collect(),
                by_round: retries.rounds.clone(),
                lines: messages
                    .get(&key)
                    .map(|(_, lines)| lines.iter().copied().collect())
                    .unwrap_or_default(),
            });
        }
    }
    if found.is_empty() {
        found = messages
            .into_iter()
            .map(|((agent, reason), (count, lines))| Enforcement {
                agent,
                reason,
                count,
                chars_lost: None,
                rounds: Vec::new(),
                by_round: BTreeMap::new(),
                lines: lines.into_iter().collect(),
            })
            .collect();
    }
    found
}

/// Count and lines by agent and reason.
type RetryMessages = BTreeMap<(String, String), (u64, BTreeSet<u64>)>;

/// Retries that messages in the events announce; one message may announce several.
fn retry_messages(attempt: &Attempt) -> RetryMessages {
    let mut found = RetryMessages::new();
    let Some(events) = &attempt.events else { return found };
    for moment in &events.moments {
        let MomentKind::Trouble(message) = &moment.kind else { continue };
        let agent = events.agent(moment.agent).unwrap_or_default();
        for retry in message.split("Retry (").skip(1) {
            let key = (agent.to_string(), reason_of(retry).to_string());
            let (count, lines) = found.entry(key).or_default();
            *count += 1;
            lines.insert(u64::from(moment.line));
        }
    }
    found
}

/// MassGen's word for the reason in a retry message.
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
