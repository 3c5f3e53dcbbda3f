//! One attempt, measured.

use serde::Serialize;

use super::agents::{self, AgentFacts};
use super::critical_path::{self, Leg};
use super::duplicates::{self, Duplicate};
use super::interval::ms;
use super::outcome::{self, Outcome};
use super::votes::{self, Answer, Enforcement, Vote};
use crate::run::{Attempt, EventKind};

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptFacts {
    /// From 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Wall time: from the first to the last event.
    pub wall_ms: u64,
    /// What MassGen shows as duration: the sum over agents of their rounds' durations.
    pub recorded_duration_ms: Option<u64>,
    /// Who presented the final answer.
    pub winner: Option<String>,
    /// Who MassGen recorded as the winner.
    pub recorded_winner: Option<String>,
    /// By id.
    pub agents: Vec<AgentFacts>,
    /// Finished tool calls.
    pub tool_calls: u64,
    /// Those whose result shows a failure.
    pub tool_failures: u64,
    /// Failures that MassGen counted; none where it left no counters.
    pub recorded_tool_failures: Option<u64>,
    /// Calls that never ended.
    pub unfinished_tool_calls: u64,
    /// Calls to tools that are not there; MassGen leaves no event of them.
    pub unknown_tool_calls: u64,
    /// Prompt tokens of this attempt alone.
    pub input_tokens: u64,
    /// Reply tokens of this attempt alone.
    pub output_tokens: u64,
    /// Prompt tokens as recorded, running on over attempts and turns.
    pub recorded_input_tokens: u64,
    /// Cost of this attempt alone, agents and subagents.
    pub cost_usd: f64,
    /// Cost as recorded, running on.
    pub recorded_cost_usd: f64,
    /// Prompt tokens that no recorded round holds.
    pub unattributed_input_tokens: u64,
    /// The chain of rounds that decided the end.
    pub critical_path: Vec<Leg>,
    /// Work done more than once.
    pub duplicates: Vec<Duplicate>,
    /// Votes that counted.
    pub votes: Vec<Vote>,
    /// Votes that were thrown away because of a new answer.
    pub ignored_votes: u64,
    /// The vote was a tie.
    pub tie: bool,
    /// Answers in order.
    pub answers: Vec<Answer>,
    /// Rounds that were cut off and begun again.
    pub restarts: u64,
    /// Forced retries.
    pub enforcement: Vec<Enforcement>,
    /// Calls to the models' services that MassGen counted.
    pub api_calls: u64,
    /// Requests that failed, as the text log shows; MassGen counts none.
    pub api_errors: u64,
    /// Subagents that were started.
    pub subagents: u64,
    /// The orchestrator ran out of time.
    pub timed_out: bool,
    /// There is an `events.jsonl`.
    pub has_events: bool,
}

pub(super) fn measure(attempt: &Attempt, before: &[&Attempt], is_last: bool) -> AttemptFacts {
    let events = attempt.events.as_deref().unwrap_or_default();
    let first = events.iter().map(|event| event.at_us).min();
    let last = events.iter().map(|event| event.at_us).max();
    let origin = first.unwrap_or(0);
    let measured = agents::agents(attempt, before, origin);
    let rounds: Vec<_> =
        measured.iter().map(|(agent, rounds)| (agent.id.clone(), rounds.clone())).collect();
    let agents: Vec<AgentFacts> = measured.into_iter().map(|(agent, _)| agent).collect();
    let sum = |of: fn(&AgentFacts) -> u64| agents.iter().map(of).sum::<u64>();
    let known = |tool: &str| {
        events
            .iter()
            .any(|e| matches!(&e.kind, EventKind::ToolStart { tool: t, .. } if **t == *tool))
    };
    let winner = winner(attempt);
    let outcome = outcome::outcome(attempt, is_last);
    AttemptFacts {
        attempt: attempt.number,
        outcome,
        wall_ms: match (first, last) {
            (Some(first), Some(last)) => ms(last - first),
            _ => wall_without_events(attempt),
        },
        recorded_duration_ms: recorded_duration(attempt),
        winner,
        recorded_winner: attempt
            .counters
            .winner
            .clone()
            .or_else(|| attempt.status.as_ref()?.winner.clone()),
        tool_calls: sum(|agent| agent.tool_calls),
        tool_failures: sum(|agent| agent.tool_failures),
        recorded_tool_failures: attempt
            .counters
            .has_tools
            .then_some(attempt.counters.tool_failures),
        unfinished_tool_calls: sum(|agent| agent.unfinished_tool_calls),
        unknown_tool_calls: attempt
            .log
            .unknown_tools
            .iter()
            .filter(|(tool, _)| !known(tool))
            .count() as u64,
        input_tokens: sum(|agent| agent.input_tokens),
        output_tokens: sum(|agent| agent.output_tokens),
        recorded_input_tokens: sum(|agent| agent.recorded_input_tokens),
        cost_usd: agents.iter().map(|agent| agent.cost_usd).sum::<f64>()
            + attempt.counters.subagent_cost_usd,
        recorded_cost_usd: attempt.counters.agents.values().map(|c| c.tokens.cost_usd).sum::<f64>()
            + attempt.counters.subagent_cost_usd,
        unattributed_input_tokens: sum(|agent| agent.unattributed_input_tokens),
        critical_path: critical_path::critical_path(&rounds),
        duplicates: duplicates::duplicates(events),
        votes: votes::votes(attempt),
        ignored_votes: attempt
            .coordination
            .iter()
            .filter(|event| event.kind == "vote_ignored")
            .count() as u64,
        tie: events
            .iter()
            .any(|event| matches!(event.kind, EventKind::PresentationStart { is_tie: true })),
        answers: votes::answers(attempt, origin),
        restarts: restarts(attempt),
        enforcement: votes::enforcement(attempt),
        api_calls: attempt.counters.api_calls,
        api_errors: attempt.log.api_error_count,
        subagents: attempt.subagents.len() as u64,
        timed_out: outcome == Outcome::Timeout,
        has_events: attempt.events.is_some(),
        agents,
    }
}

/// Who presented, as the events or the files show; the recorded winner is missing after a timeout and
/// lost after a restart.
fn winner(attempt: &Attempt) -> Option<String> {
    let events = attempt.events.as_deref().unwrap_or_default();
    let presented = events.iter().rev().find(|event| {
        matches!(event.kind, EventKind::FinalAnswer { .. } | EventKind::PresentationStart { .. })
    });
    let selected = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Timeout { selected, .. } => selected.clone(),
        _ => None,
    });
    presented
        .and_then(|event| Some(event.agent.as_ref()?.to_string()))
        .or(selected)
        .or_else(|| attempt.counters.winner.clone())
        .or_else(|| attempt.status.as_ref()?.winner.clone())
        .or_else(|| attempt.final_answers.first().cloned())
}

fn recorded_duration(attempt: &Attempt) -> Option<u64> {
    if attempt.counters.agents.is_empty() {
        return None;
    }
    let rounds = attempt.counters.agents.values().flat_map(|agent| &agent.rounds);
    Some(rounds.map(|round| round.duration_ms).sum::<f64>().round() as u64)
}

fn wall_without_events(attempt: &Attempt) -> u64 {
    let status = attempt.status.as_ref().map_or(0, |status| status.updated_ms - status.start_ms);
    match u64::try_from(status) {
        Ok(ms) if ms > 0 && !attempt.counters.agents.is_empty() => ms,
        _ if attempt.events.is_none() => attempt.log.span_ms,
        _ => 0,
    }
}

/// A restart is written at every new answer, also for agents that had not begun; those that cut work off
/// count.
fn restarts(attempt: &Attempt) -> u64 {
    let events = attempt.events.as_deref().unwrap_or_default();
    let written =
        events.iter().filter(|event| matches!(event.kind, EventKind::Restart { .. })).count()
            as u64;
    if attempt.events.is_some() {
        written
    } else {
        attempt.status.iter().flat_map(|s| s.agents.values()).map(|a| a.restarts).sum()
    }
}
