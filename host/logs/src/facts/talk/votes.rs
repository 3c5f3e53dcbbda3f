//! Votes: who, for whom, why, and which of them counted in the end.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::super::interval::ms;
use crate::events::MomentKind;
use crate::run::{Attempt, Coordination};

/// A vote that was cast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vote {
    /// Who voted.
    pub voter: Arc<str>,
    /// For which agent.
    #[serde(rename = "for")]
    pub target: Arc<str>,
    /// For which answer, where the record tells.
    pub label: Option<String>,
    /// Why, cut.
    pub reason: Arc<str>,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// It is the voter's last: a new answer makes everybody vote again.
    pub counted: bool,
    /// Line in `events.jsonl`; 0 where it comes from elsewhere.
    pub line: u64,
}

/// The votes together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VoteSummary {
    /// Votes that counted, by agent.
    pub counts: BTreeMap<Arc<str>, u64>,
    /// Who voted for whom, in words of the record: voter to agents in the order of its votes.
    pub by_voter: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// All votes that counted went to one agent.
    pub unanimous: bool,
    /// The most votes went to several agents alike.
    pub tie: bool,
    /// Agents that voted for themselves in the end.
    pub self_votes: u64,
    /// Voters that changed their mind.
    pub changed: Vec<ChangedVote>,
    /// Agents that cast no vote that counted.
    pub abstained: Vec<String>,
}

/// A voter that changed its mind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedVote {
    /// Who.
    pub voter: String,
    /// Before.
    pub from: String,
    /// After.
    pub to: String,
    /// Line of the later vote.
    pub line: u64,
}

pub(in crate::facts) fn votes(attempt: &Attempt, origin_us: i64) -> Vec<Vote> {
    let mut found = match &attempt.events {
        Some(_) => from_events(attempt, origin_us),
        None => from_coordination(attempt),
    };
    let mut last: HashMap<Arc<str>, usize> = HashMap::new();
    for (at, vote) in found.iter().enumerate() {
        last.insert(vote.voter.clone(), at);
    }
    for at in last.into_values() {
        found[at].counted = true;
    }
    found
}

fn from_events(attempt: &Attempt, origin_us: i64) -> Vec<Vote> {
    let mut cast: HashMap<&str, Vec<&Coordination>> = HashMap::new();
    for event in attempt.coordination.iter().filter(|event| event.kind == "vote_cast") {
        cast.entry(event.agent.as_deref().unwrap_or_default()).or_default().push(event);
    }
    let mut numbers: HashMap<u16, usize> = HashMap::new();
    let Some(events) = &attempt.events else { return Vec::new() };
    let votes = events.moments.iter().filter_map(|moment| {
        let MomentKind::Vote(vote) = &moment.kind else { return None };
        let voter = events.agent(moment.agent).unwrap_or_default();
        let number = numbers.entry(moment.agent).or_default();
        let recorded = cast.get(voter).and_then(|cast| cast.get(*number));
        *number += 1;
        Some(Vote {
            voter: events.agent_name(moment.agent),
            target: vote.target.clone(),
            label: recorded
                .filter(|event| event.subject.as_deref() == Some(&*vote.target))
                .and_then(|event| event.label.clone()),
            reason: vote.reason.clone(),
            at_ms: ms(moment.at_us - origin_us),
            counted: false,
            line: u64::from(moment.line),
        })
    });
    votes.collect()
}

fn from_coordination(attempt: &Attempt) -> Vec<Vote> {
    let start = attempt.status.as_ref().map_or(0, |status| status.start_ms);
    let cast = attempt.coordination.iter().filter(|event| event.kind == "vote_cast");
    let votes = cast.map(|event| Vote {
        voter: event.agent.as_deref().unwrap_or_default().into(),
        target: event.subject.as_deref().unwrap_or_default().into(),
        label: event.label.clone(),
        reason: event.reason.as_deref().unwrap_or_default().into(),
        at_ms: u64::try_from(event.at_ms - start).unwrap_or(0),
        counted: false,
        line: 0,
    });
    votes.collect()
}

/// Sums votes up. `tie`: the orchestrator called it one.
pub(in crate::facts) fn summary<'a>(
    votes: &[Vote],
    agents: impl Iterator<Item = &'a str>,
    tie: bool,
) -> VoteSummary {
    let mut sum = VoteSummary { tie, ..VoteSummary::default() };
    let mut before: HashMap<&str, &str> = HashMap::new();
    for vote in votes {
        sum.by_voter.entry(vote.voter.clone()).or_default().push(vote.target.clone());
        if let Some(from) = before.insert(&vote.voter, &vote.target)
            && *from != *vote.target
        {
            sum.changed.push(ChangedVote {
                voter: vote.voter.to_string(),
                from: from.to_string(),
                to: vote.target.to_string(),
                line: vote.line,
            });
        }
        if vote.counted {
            *sum.counts.entry(vote.target.clone()).or_default() += 1;
            sum.self_votes += u64::from(vote.voter == vote.target);
        }
    }
    let most = sum.counts.values().max().copied().unwrap_or(0);
    sum.tie |= most > 0 && sum.counts.values().filter(|count| **count == most).count() > 1;
    sum.unanimous = sum.counts.len() == 1;
    if !votes.is_empty() {
        sum.abstained = agents.filter(|id| !before.contains_key(id)).map(String::from).collect();
    }
    sum
}
