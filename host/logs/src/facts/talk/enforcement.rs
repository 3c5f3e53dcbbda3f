//! Retries that the orchestrator forced on an agent that did not use its workflow tools as it should.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::events::MomentKind;
use crate::run::Attempt;

/// Retries for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enforcement {
    /// On whom.
    pub agent: String,
    /// Why.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// Characters of output that they threw away; none where `status.json` does not tell.
    pub chars_lost: Option<u64>,
    /// In which rounds, as MassGen counts them.
    pub rounds: Vec<u64>,
    /// How many in each of them.
    pub by_round: BTreeMap<u64, u64>,
    /// Lines of `events.jsonl` on which they show.
    pub lines: Vec<u64>,
}

/// From `status.json` or, where that is missing or was overwritten, from the messages that the retries
/// left in the events.
pub(in crate::facts) fn enforcement(attempt: &Attempt) -> Vec<Enforcement> {
    let shown = shown(attempt);
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
                lines: shown
                    .get(&key)
                    .map(|(_, lines)| lines.iter().copied().collect())
                    .unwrap_or_default(),
            });
        }
    }
    if found.is_empty() {
        found = shown
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

type Shown = BTreeMap<(String, String), (u64, BTreeSet<u64>)>;

/// Retries that the texts of the events show: one text may hold several.
fn shown(attempt: &Attempt) -> Shown {
    let mut found = Shown::new();
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
