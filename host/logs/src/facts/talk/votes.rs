//! Votes: voter, target, reason, and whether each counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::super::interval::ms;
use crate::events::MomentKind;
use crate::run::{Attempt, Coordination};

/// A vote that was cast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vote {
    /// Agent that voted.
    pub voter: Arc<str>,
    /// Agent that was voted for.
    #[serde(rename = "for")]
    pub target: Arc<str>,
    /// Label of the answer that was voted for, if it is recorded.
    pub label: Option<String>,
    /// Reason, shortened.
    pub reason: Arc<str>,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Whether it is the voter's last vote: a new answer makes every agent vote again.
    pub counted: bool,
    /// Line in `events.jsonl`; 0 if it comes from another file.
    pub line: u64,
}

/// Totals of the votes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VoteSummary {
    /// Counted votes, by agent voted for.
    pub counts: BTreeMap<Arc<str>, u64>,
    /// Agents voted for, by voter, in the order of the votes.
    pub by_voter: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Whether all counted votes went to one agent.
    pub unanimous: bool,
    /// Whether several agents share the highest number of votes, or the orchestrator called a tie.
    pub tie: bool,
    /// Agents whose counted vote went to themselves.
    pub self_votes: u64,
    /// Changed votes.
    pub changed: Vec<ChangedVote>,
    /// Agents that cast no vote.
    pub abstained: Vec<String>,
}

/// A vote that differs from the voter's previous one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedVote {
    /// Agent that voted.
    pub voter: String,
    /// Agent voted for before.
    pub from: String,
    /// Agent voted for now.
    pub to: String,
    /// Line of the later vote.
    pub line: u64,
}

pub(super) fn votes(attempt: &Attempt, origin_us: i64) -> Vec<Vote> {
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

/// Sums up votes. `tie` states whether the orchestrator called the vote a tie.
pub(super) fn summary<'a>(
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
