//! Subagents: what MassGen recorded, what the calling tool reported, and their own logs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::attempt;
use super::super::outcome::Outcome;
use crate::run::{Attempt, NestedRun};

/// One subagent.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SubagentFacts {
    /// The subagent's id.
    pub id: String,
    /// Agent that started it.
    pub agent: Option<String>,
    /// Status that MassGen recorded: the phase that it was in, never its result.
    pub recorded_status: Option<String>,
    /// Status that the starting call reported: `completed`, `error`, …
    pub said: Option<String>,
    /// Whether that call reported success.
    pub said_success: Option<bool>,
    /// Whether it returned an answer: neither an error nor an empty result.
    pub gave_an_answer: Option<bool>,
    /// Reason of its failure.
    pub error: Option<String>,
    /// Wall time.
    pub wall_ms: u64,
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Reply tokens.
    pub output_tokens: u64,
    /// Cost in US dollars.
    pub cost_usd: f64,
    /// Requests to model services.
    pub api_calls: u64,
    /// Line in `events.jsonl` of the result that reports it; 0 without one.
    pub line: u64,
    /// Line in `metrics_summary.json`; 0 without one.
    pub metrics_line: u64,
    /// Facts from its own logs, if they are in the run's directory.
    pub run: Option<NestedFacts>,
}

/// The run of a subagent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NestedFacts {
    /// Path of its attempt below the run.
    pub path: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Wall time.
    pub wall_ms: u64,
    /// Agent that presented the answer.
    pub winner: Option<String>,
    /// Number of agents.
    pub agents: u64,
    /// Rounds of all agents.
    pub rounds: u64,
    /// Finished tool calls.
    pub tool_calls: u64,
    /// Finished tool calls that failed.
    pub tool_failures: u64,
    /// Answers.
    pub answers: u64,
    /// Votes.
    pub votes: u64,
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Cost in US dollars.
    pub cost_usd: f64,
    /// Subagents that it started.
    pub subagents: Vec<SubagentFacts>,
}

pub(in crate::facts) fn subagents(attempt: &Attempt) -> Vec<SubagentFacts> {
    let mut found: BTreeMap<&str, SubagentFacts> = BTreeMap::new();
    for recorded in &attempt.subagents {
        let facts = found.entry(&recorded.id).or_default();
        facts.recorded_status = Some(recorded.status.clone()).filter(|status| !status.is_empty());
        facts.wall_ms = recorded.wall_ms;
        facts.input_tokens = recorded.input_tokens;
        facts.output_tokens = recorded.output_tokens;
        facts.cost_usd = recorded.cost_usd;
        facts.api_calls = recorded.api_calls;
        facts.metrics_line = recorded.line;
    }
    if let Some(events) = &attempt.events {
        for (index, spawned) in &events.spawned {
            let Some(call) = events.calls.get(*index as usize) else { continue };
            let facts = found.entry(&spawned.id).or_default();
            facts.agent = events.agent(call.agent).map(String::from);
            facts.said = Some(spawned.status.clone());
            facts.said_success = Some(spawned.success);
            facts.gave_an_answer = Some(spawned.success && !spawned.hollow);
            facts.error.clone_from(&spawned.error);
            facts.wall_ms = facts.wall_ms.max(spawned.wall_ms);
            facts.input_tokens = facts.input_tokens.max(spawned.input_tokens);
            facts.output_tokens = facts.output_tokens.max(spawned.output_tokens);
            facts.cost_usd = facts.cost_usd.max(spawned.cost_usd);
            facts.line = call.line();
        }
    }
    for nested in &attempt.nested {
        found.entry(&nested.id).or_default().run = Some(measure_nested(nested));
    }
    found.into_iter().map(|(id, facts)| SubagentFacts { id: id.to_string(), ..facts }).collect()
}

fn measure_nested(nested: &NestedRun) -> NestedFacts {
    let facts = attempt::measure(&nested.attempt, &[], true);
    NestedFacts {
        path: nested.path.clone(),
        outcome: facts.outcome,
        wall_ms: facts.wall_ms,
        winner: facts.winner,
        agents: facts.agents.len() as u64,
        rounds: facts.agents.iter().map(|agent| agent.rounds).sum(),
        tool_calls: facts.tool_calls,
        tool_failures: facts.tool_failures,
        answers: facts.answers.len() as u64,
        votes: facts.votes.len() as u64,
        input_tokens: facts.input_tokens,
        cost_usd: facts.cost_usd,
        subagents: facts.subagent_runs,
    }
}
