//! What each agent did with its time and tokens.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::interval::{ms, union_ms};
use super::own::own;
use super::segments::{self, Round};
use crate::run::{Attempt, Event, EventKind};

/// One agent of an attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AgentFacts {
    /// Its id.
    pub id: String,
    /// Its model, from the configuration.
    pub model: Option<String>,
    /// Rounds it began, cut-off ones included.
    pub rounds: u64,
    /// From its first to its last event.
    pub wall_ms: u64,
    /// Wall time within rounds that no tool call covers: the model, and waiting for it.
    pub think_ms: u64,
    /// Wall time that tool calls cover; parallel calls count once.
    pub exec_ms: u64,
    /// From the start of its first round to its first tool call.
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
    /// As MassGen estimated it, for this attempt alone.
    pub cost_usd: f64,
    /// Share of the prompt that was cached.
    pub cache_hit_rate: Option<f64>,
    /// Finished tool calls.
    pub tool_calls: u64,
    /// Those whose result shows a failure.
    pub tool_failures: u64,
    /// Those that MassGen recorded as failures.
    pub recorded_tool_failures: u64,
    /// Calls that never ended.
    pub unfinished_tool_calls: u64,
    /// Tokens of this attempt that no recorded round holds.
    pub unattributed_input_tokens: u64,
    /// The agent's counter as recorded; it runs on over attempts and turns.
    pub recorded_input_tokens: u64,
    /// The state that `status.json` gives.
    pub recorded_state: Option<String>,
    /// Why it was stopped.
    pub error: Option<String>,
    /// Its rounds, in order.
    pub segments: Vec<Segment>,
}

/// A round as the events show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// From 0, in order.
    pub round: usize,
    /// Milliseconds after the attempt's first event.
    pub start_ms: u64,
    /// Wall time.
    pub wall_ms: u64,
    /// Wall time that tool calls cover.
    pub exec_ms: u64,
    /// `answer`, `vote`, `presentation`, `restarted`, `unfinished`.
    pub outcome: &'static str,
    /// Line in `events.jsonl` where it begins.
    pub line: u64,
}

/// Measures every agent that any file names.
pub(super) fn agents(
    attempt: &Attempt,
    before: &[&Attempt],
    origin_us: i64,
) -> Vec<(AgentFacts, Vec<Round>)> {
    let events = attempt.events.as_deref().unwrap_or_default();
    let mut ids: BTreeSet<&str> = attempt.counters.agents.keys().map(String::as_str).collect();
    ids.extend(attempt.status.iter().flat_map(|status| status.agents.keys()).map(String::as_str));
    ids.extend(events.iter().filter_map(|event| event.agent.as_deref()));
    ids.extend(attempt.metadata.models.keys().map(String::as_str));
    ids.extend(
        attempt
            .coordination
            .iter()
            .filter(|e| e.kind == "new_answer")
            .filter_map(|e| e.agent.as_deref()),
    );
    ids.into_iter().map(|id| agent(id, attempt, before, events, origin_us)).collect()
}

fn agent(
    id: &str,
    attempt: &Attempt,
    before: &[&Attempt],
    events: &[Event],
    origin_us: i64,
) -> (AgentFacts, Vec<Round>) {
    let mine = || events.iter().filter(|event| event.agent.as_deref() == Some(id));
    let rounds = segments::rounds(mine());
    let own = own(id, attempt, before);
    let status = attempt.status.as_ref().and_then(|status| status.agents.get(id));
    let mut facts = AgentFacts {
        id: id.to_string(),
        model: attempt.metadata.models.get(id).cloned(),
        rounds: if events.is_empty() { own.rounds.len() } else { rounds.len() } as u64,
        input_tokens: own.tokens.input,
        output_tokens: own.tokens.output,
        cached_tokens: own.tokens.cached,
        reasoning_tokens: own.tokens.reasoning,
        cost_usd: own.tokens.cost_usd,
        // Some services report cached tokens outside of the input: the rate never passes 1.
        cache_hit_rate: (own.tokens.input > 0)
            .then(|| own.tokens.cached as f64 / own.tokens.input.max(own.tokens.cached) as f64),
        unattributed_input_tokens: own
            .tokens
            .input
            .saturating_sub(own.rounds.iter().map(|r| r.tokens.input).sum()),
        recorded_input_tokens: attempt.counters.agents.get(id).map_or(0, |c| c.tokens.input),
        recorded_state: status.map(|status| status.state.clone()),
        error: status.and_then(|status| status.error.clone()),
        ..AgentFacts::default()
    };
    let calls = calls(mine());
    count_calls(&mut facts, mine(), &calls);
    let times = || mine().map(|event| event.at_us);
    if let (Some(first), Some(last)) = (times().min(), times().max()) {
        facts.wall_ms = ms(last - first);
        let first_tool = mine().find(|event| matches!(event.kind, EventKind::ToolStart { .. }));
        let start = rounds.first().map_or(first, |round| round.start_us);
        facts.time_to_first_tool_ms = first_tool.map(|event| ms(event.at_us - start));
    } else {
        facts.wall_ms = own.rounds.iter().map(|round| round.duration_ms as u64).sum();
    }
    let spans: Vec<_> = calls.iter().map(|call| (call.start_us, call.end_us)).collect();
    facts.exec_ms = union_ms(&spans);
    facts.think_ms = rounds.iter().map(Round::wall_ms).sum::<u64>().saturating_sub(facts.exec_ms);
    facts.segments = rounds
        .iter()
        .enumerate()
        .map(|(index, round)| segment(index, round, &spans, origin_us))
        .collect();
    (facts, rounds)
}

fn segment(index: usize, round: &Round, spans: &[(i64, i64)], origin_us: i64) -> Segment {
    let clipped: Vec<_> = spans
        .iter()
        .map(|(start, end)| ((*start).max(round.start_us), (*end).min(round.end_us)))
        .filter(|(start, end)| end > start)
        .collect();
    Segment {
        round: index,
        start_ms: ms(round.start_us - origin_us),
        wall_ms: round.wall_ms(),
        exec_ms: union_ms(&clipped),
        outcome: round.outcome,
        line: round.line,
    }
}

/// A tool call with both ends.
pub(super) struct Call {
    pub(super) start_us: i64,
    pub(super) end_us: i64,
}

/// Pairs starts and ends by id; a start without an end lasts until the agent's last event.
fn calls<'a>(events: impl Iterator<Item = &'a Event> + Clone) -> Vec<Call> {
    let last = events.clone().map(|event| event.at_us).max().unwrap_or(0);
    let mut open: HashMap<&str, i64> = HashMap::new();
    let mut calls = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::ToolStart { id, .. } => {
                open.insert(id, event.at_us);
            }
            EventKind::ToolEnd { id, elapsed_ms, .. } => {
                let start = open.remove(id.as_str());
                let start_us = start.unwrap_or(event.at_us - (elapsed_ms * 1000.0) as i64);
                calls.push(Call { start_us, end_us: event.at_us });
            }
            _ => {}
        }
    }
    calls.extend(open.into_values().map(|start_us| Call { start_us, end_us: last }));
    calls
}

fn count_calls<'a>(
    facts: &mut AgentFacts,
    events: impl Iterator<Item = &'a Event>,
    calls: &[Call],
) {
    for event in events {
        if let EventKind::ToolEnd { tool, failure, recorded_failure, elapsed_ms, .. } = &event.kind
        {
            facts.tool_calls += 1;
            facts.tool_failures += u64::from(failure.is_some());
            facts.recorded_tool_failures += u64::from(*recorded_failure);
            if tool.contains("wait_for_background_tool") {
                facts.bg_wait_ms += elapsed_ms.round() as u64;
            }
        }
    }
    facts.unfinished_tool_calls = (calls.len() as u64).saturating_sub(facts.tool_calls);
}
