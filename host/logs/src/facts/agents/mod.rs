//! Time and tokens of each agent.

mod measure;
mod times;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::checklist::Checklist;
use super::rounds::ObservedRound;
use super::spend::RoundSpend;
use super::talk::Talk;
use super::tool_counts::ToolCounts;
use crate::events::Events;
use crate::run::Attempt;
use measure::{Agent, ByAgent};

/// One agent of an attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AgentFacts {
    /// The agent's id.
    pub id: String,
    /// Model, from the configuration.
    pub model: Option<String>,
    /// Rounds that it started, including those that were cut off.
    pub rounds: u64,
    /// Time from its first to its last event.
    pub wall_ms: u64,
    /// Wall time in rounds that no tool call covers: model time, including waiting for it.
    pub think_ms: u64,
    /// Wall time that tool calls cover; parallel calls count once.
    pub exec_ms: u64,
    /// Part of `exec_ms` that shell commands cover.
    pub shell_ms: u64,
    /// Time from the start of each round to its first activity, summed up: server starts and the first reply.
    pub startup_ms: u64,
    /// Time between its rounds.
    pub idle_ms: u64,
    /// Time from the start of its first round to its first tool call.
    pub time_to_first_tool_ms: Option<u64>,
    /// Time in calls that wait for background tools.
    pub bg_wait_ms: u64,
    /// Prompt tokens of this attempt alone.
    pub input_tokens: u64,
    /// Reply tokens of this attempt alone.
    pub output_tokens: u64,
    /// Cached part of the prompt tokens.
    pub cached_tokens: u64,
    /// Reasoning part of the reply tokens.
    pub reasoning_tokens: u64,
    /// Cost of this attempt alone, as MassGen estimated it.
    pub cost_usd: f64,
    /// Share of the cost of all agents, 0 to 1.
    pub cost_share: Option<f64>,
    /// Cached share of the prompt, 0 to 1.
    pub cache_hit_rate: Option<f64>,
    /// Finished tool calls.
    pub tool_calls: u64,
    /// Finished tool calls whose result shows a failure.
    pub tool_failures: u64,
    /// Tool calls that MassGen recorded as failures.
    pub recorded_tool_failures: u64,
    /// Tool calls that never finished.
    pub unfinished_tool_calls: u64,
    /// Answers that it submitted.
    pub answers: u64,
    /// Votes that it cast.
    pub votes_cast: u64,
    /// Counted votes that it received.
    pub votes_received: u64,
    /// Whether it presented the final answer.
    pub won: bool,
    /// Rounds of this agent that were cut off.
    pub restarts: u64,
    /// Wall time of rounds that were cut off.
    pub restarted_ms: u64,
    /// Prompt tokens of this attempt that appear in no recorded round.
    pub unattributed_input_tokens: u64,
    /// Prompt tokens as recorded, cumulative over attempts and turns.
    pub recorded_input_tokens: u64,
    /// State in `status.json`.
    pub recorded_state: Option<String>,
    /// Reason for which it was stopped.
    pub error: Option<String>,
    /// First and last line in `events.jsonl`.
    pub lines: Option<(u64, u64)>,
    /// Rounds, in order.
    #[serde(rename = "segments")]
    pub round_list: Vec<RoundFacts>,
}

/// A round of an agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundFacts {
    /// Number, from 0.
    pub round: usize,
    /// `initial_answer`, `voting`, `presentation`, or MassGen's own word.
    pub kind: Cow<'static, str>,
    /// Start, in milliseconds after the attempt's first event.
    pub start_ms: u64,
    /// Wall time.
    pub wall_ms: u64,
    /// Wall time that tool calls cover.
    pub exec_ms: u64,
    /// Wall time that no tool call covers.
    pub think_ms: u64,
    /// Time from the start to the first activity.
    pub first_activity_ms: Option<u64>,
    /// Time from the start to the first tool call.
    pub first_tool_ms: Option<u64>,
    /// `answer`, `vote`, `presentation`, `restarted`, `unfinished`.
    pub outcome: &'static str,
    /// Label of the answer, or the agent that was voted for.
    pub what: Option<Arc<str>>,
    /// Tool calls that started in it.
    pub tool_calls: u64,
    /// Tool calls that failed.
    pub tool_failures: u64,
    /// Number of calls by tool.
    pub tools: ToolCounts,
    /// Tokens and cost, if MassGen's counters include this round.
    pub spend: Option<Box<RoundSpend>>,
    /// Times around a checklist, if one was submitted.
    pub checklist: Option<Box<Checklist>>,
    /// First line in `events.jsonl`; 0 if the round is known from MassGen's counters alone.
    pub line: u64,
    /// Last line.
    pub end_line: u64,
}

/// An agent's facts, and the observed rounds that they were measured from.
pub(super) struct MeasuredAgent {
    pub(super) facts: AgentFacts,
    pub(super) rounds: Vec<ObservedRound>,
}

/// Measures every agent that any file names.
pub(super) fn agents(attempt: &Attempt, before: &[&Attempt], origin_us: i64) -> Vec<MeasuredAgent> {
    let none = Events::default();
    let events = attempt.events.as_ref().unwrap_or(&none);
    let mut ids: BTreeSet<&str> = attempt.counters.agents.keys().map(String::as_str).collect();
    ids.extend(attempt.status.iter().flat_map(|status| status.agents.keys()).map(String::as_str));
    ids.extend(events.agents.iter().map(|id| &**id));
    ids.extend(attempt.metadata.models.keys().map(String::as_str));
    ids.extend(
        attempt
            .coordination
            .iter()
            .filter(|e| e.kind == "new_answer")
            .filter_map(|e| e.agent.as_deref()),
    );
    let by_agent = ByAgent::new(events);
    ids.into_iter()
        .map(|id| Agent { id, attempt, before, events, origin_us, by_agent: &by_agent }.measure())
        .collect()
}

/// Adds the results that depend on all agents: shares of the cost, votes and the winner.
pub(super) fn with_results(
    agents: Vec<AgentFacts>,
    winner: Option<&str>,
    talk: &Talk,
    has_events: bool,
) -> Vec<AgentFacts> {
    let total: f64 = agents.iter().map(|agent| agent.cost_usd).sum();
    let with_result = |agent: AgentFacts| {
        let answers = || talk.answers.iter().filter(|answer| *answer.agent == *agent.id).count();
        let votes = || talk.votes.iter().filter(|vote| *vote.voter == *agent.id).count();
        AgentFacts {
            cost_share: (total > 0.0).then(|| (agent.cost_usd / total * 1000.0).round() / 1000.0),
            won: winner == Some(agent.id.as_str()),
            votes_received: talk.vote_summary.counts.get(&*agent.id).copied().unwrap_or(0),
            answers: if has_events { agent.answers } else { answers() as u64 },
            votes_cast: if has_events { agent.votes_cast } else { votes() as u64 },
            ..agent
        }
    };
    agents.into_iter().map(with_result).collect()
}
