//! Measures one agent.

use super::times::{count_calls, recorded_times, times};
use super::{AgentFacts, MeasuredAgent, RoundFacts};
use crate::events::{Call, Events, MomentKind};
use crate::facts::checklist;
use crate::facts::interval::{ms, union_ms};
use crate::facts::rounds::{self, ObservedRound};
use crate::facts::spend::{AgentUsage, RoundSpend, cache_hit_rate, spend_of, usage};
use crate::facts::tool_counts::{ToolCounter, ToolCounts};
use crate::run::Attempt;

/// Indices of calls and moments by agent: both agents and lines can be many.
pub(super) struct ByAgent {
    calls: Vec<Vec<u32>>,
    moments: Vec<Vec<u32>>,
}

impl ByAgent {
    pub(super) fn new(events: &Events) -> Self {
        let mut grouped = Self {
            calls: vec![Vec::new(); events.agents.len()],
            moments: vec![Vec::new(); events.agents.len()],
        };
        for (index, call) in events.calls.iter().enumerate() {
            if let Some(calls) = grouped.calls.get_mut(usize::from(call.agent)) {
                calls.push(index as u32);
            }
        }
        for (index, moment) in events.moments.iter().enumerate() {
            if let Some(moments) = grouped.moments.get_mut(usize::from(moment.agent)) {
                moments.push(index as u32);
            }
        }
        grouped
    }
}

pub(super) struct Agent<'a> {
    pub(super) id: &'a str,
    pub(super) attempt: &'a Attempt,
    pub(super) before: &'a [&'a Attempt],
    pub(super) events: &'a Events,
    pub(super) origin_us: i64,
    pub(super) by_agent: &'a ByAgent,
}

impl Agent<'_> {
    pub(super) fn measure(&self) -> MeasuredAgent {
        let index = self.events.agent_index(self.id).map(usize::from);
        let of = |lists: &'_ [Vec<u32>]| -> Vec<u32> {
            index.and_then(|index| lists.get(index)).cloned().unwrap_or_default()
        };
        let mut calls: Vec<&Call> =
            of(&self.by_agent.calls).iter().map(|at| &self.events.calls[*at as usize]).collect();
        // By line, not by time: a clock that was set back would assign a call to several rounds.
        calls.sort_by_key(|call| first_line(call));
        let moments = of(&self.by_agent.moments);
        let moments = || moments.iter().map(|at| &self.events.moments[*at as usize]);
        let rounds = rounds::rounds(moments());
        let usage = usage(self.id, self.attempt, self.before);
        let span = index.and_then(|index| self.events.agent_spans.get(index));
        let times = match span {
            Some(span) => times(span, &rounds, &calls),
            None => recorded_times(&usage),
        };
        let round_list = if span.is_none() && self.attempt.events.is_none() {
            self.recorded_rounds(&usage)
        } else {
            self.rounds(&rounds, &calls, &usage)
        };
        let counts = count_calls(self.events, &calls);
        let count = |wanted: fn(&MomentKind) -> bool| {
            moments().filter(|moment| wanted(&moment.kind)).count() as u64
        };
        let restarted = || rounds.iter().filter(|round| round.outcome == "restarted");
        let facts = AgentFacts {
            rounds: if span.is_none() { usage.rounds.len() } else { rounds.len() } as u64,
            wall_ms: times.wall_ms,
            think_ms: times.think_ms,
            exec_ms: times.exec_ms,
            shell_ms: times.shell_ms,
            startup_ms: times.startup_ms,
            idle_ms: times.idle_ms,
            time_to_first_tool_ms: times.time_to_first_tool_ms,
            bg_wait_ms: counts.bg_wait_ms,
            tool_calls: counts.finished,
            tool_failures: counts.failures,
            recorded_tool_failures: counts.recorded_failures,
            unfinished_tool_calls: counts.unfinished,
            answers: count(|kind| matches!(kind, MomentKind::Answer(_))),
            votes_cast: count(|kind| matches!(kind, MomentKind::Vote(_))),
            restarts: restarted().count() as u64,
            restarted_ms: restarted().map(ObservedRound::wall_ms).sum(),
            lines: span.map(|span| (span.first_line, span.last_line)),
            round_list,
            ..self.recorded(&usage)
        };
        MeasuredAgent { facts, rounds }
    }

    /// What MassGen recorded of the agent.
    fn recorded(&self, usage: &AgentUsage<'_>) -> AgentFacts {
        let status = self.attempt.status.as_ref().and_then(|status| status.agents.get(self.id));
        let backend = self.attempt.metadata.backends.get(self.id).map(String::as_str);
        let model = self.attempt.metadata.models.get(self.id).cloned();
        AgentFacts {
            id: self.id.to_string(),
            input_tokens: usage.tokens.input,
            output_tokens: usage.tokens.output,
            cached_tokens: usage.tokens.cached,
            reasoning_tokens: usage.tokens.reasoning,
            cost_usd: usage.tokens.cost_usd,
            cache_hit_rate: cache_hit_rate(&usage.tokens, backend, model.as_deref()),
            unattributed_input_tokens: usage
                .tokens
                .input
                .saturating_sub(usage.rounds.iter().map(|r| r.tokens.input).sum()),
            recorded_input_tokens: self
                .attempt
                .counters
                .agents
                .get(self.id)
                .map_or(0, |c| c.tokens.input),
            recorded_state: status.map(|status| status.state.clone()),
            error: status.and_then(|status| status.error.clone()),
            model,
            ..AgentFacts::default()
        }
    }

    fn rounds(
        &self,
        rounds: &[ObservedRound],
        calls: &[&Call],
        usage: &AgentUsage<'_>,
    ) -> Vec<RoundFacts> {
        let mut spends = spend_of(rounds, usage, self.attempt);
        let mut found = Vec::with_capacity(rounds.len());
        let mut counter = ToolCounter::new(self.events);
        for (index, round) in rounds.iter().enumerate() {
            let next = rounds.get(index + 1).map_or(u64::MAX, |next| next.line);
            // A call belongs to the round in which it started, even after the round's answer.
            let first = if index == 0 { 0 } else { round.line };
            let from = calls.partition_point(|call| first_line(call) < first);
            let to = calls.partition_point(|call| first_line(call) < next);
            let own_calls = &calls[from..to.max(from)];
            let clipped = own_calls
                .iter()
                .map(|call| (call.start_us.max(round.start_us), call.end_us.min(round.end_us)));
            let exec_ms = union_ms(clipped);
            let spend = spends.remove(&index);
            found.push(RoundFacts {
                round: index,
                kind: spend.as_ref().map_or(round.kind.into(), |(kind, _)| kind.clone().into()),
                start_ms: ms(round.start_us - self.origin_us),
                wall_ms: round.wall_ms(),
                exec_ms,
                think_ms: round.wall_ms().saturating_sub(exec_ms),
                first_activity_ms: round.first_activity_us.map(|at| ms(at - round.start_us)),
                first_tool_ms: own_calls.first().map(|call| ms(call.start_us - round.start_us)),
                outcome: round.outcome,
                what: round.what.clone(),
                tool_calls: own_calls.len() as u64,
                tool_failures: own_calls.iter().filter(|call| call.failed()).count() as u64,
                tools: counter.count(own_calls),
                spend: spend.map(|(_, spend)| Box::new(spend)),
                checklist: checklist::of_round(
                    self.events,
                    own_calls,
                    round.start_us,
                    round.end_us,
                )
                .map(Box::new),
                line: round.line,
                end_line: round.end_line,
            });
        }
        found
    }

    /// The rounds in the metrics, for an attempt without events.
    fn recorded_rounds(&self, usage: &AgentUsage<'_>) -> Vec<RoundFacts> {
        let start = self.attempt.status.as_ref().map_or(0, |status| status.start_ms);
        let rounds = usage.rounds.iter().enumerate().map(|(index, round)| RoundFacts {
            round: index,
            kind: round.kind.clone().into(),
            start_ms: u64::try_from(round.start_ms - start).unwrap_or(0),
            wall_ms: round.duration_ms.max(0.0).round() as u64,
            exec_ms: 0,
            think_ms: 0,
            first_activity_ms: None,
            first_tool_ms: None,
            outcome: known_outcome(&round.outcome),
            what: None,
            tool_calls: 0,
            tool_failures: 0,
            tools: ToolCounts::default(),
            spend: Some(Box::new(RoundSpend::of(round, &self.attempt.counters.file))),
            checklist: None,
            line: 0,
            end_line: 0,
        });
        rounds.collect()
    }
}

/// MassGen's word for the outcome of a round, if it is a known one.
fn known_outcome(recorded: &str) -> &'static str {
    const KNOWN: &[&str] =
        &["answer", "vote", "presentation", "post_evaluation", "restarted", "error", "timeout"];
    KNOWN.iter().find(|known| **known == recorded).copied().unwrap_or("unfinished")
}

/// The first line of a call.
fn first_line(call: &Call) -> u64 {
    u64::from(if call.start_line > 0 { call.start_line } else { call.end_line })
}
