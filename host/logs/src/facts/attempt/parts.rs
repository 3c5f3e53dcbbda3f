//! The parts that an attempt's facts are joined from. Each is computed from values that are complete.

use super::AttemptFacts;
use crate::events::{Events, Moment, MomentKind};
use crate::facts::agents::{AgentFacts, MeasuredAgent};
use crate::facts::checklist::{self, ChecklistShare};
use crate::facts::critical_path::{self, Leg};
use crate::facts::interval::ms;
use crate::facts::outcome::Outcome;
use crate::facts::phases::{self, Phase};
use crate::facts::spend::{ApiFacts, SubagentFacts};
use crate::facts::talk::Talk;
use crate::facts::work::Work;
use crate::run::Attempt;

pub(super) struct Parts {
    pub(super) outcome: Outcome,
    pub(super) winner: Option<String>,
    pub(super) recorded: Recorded,
    pub(super) agents: Vec<AgentFacts>,
    pub(super) times: Times,
    pub(super) totals: Totals,
    pub(super) rounds: RoundTotals,
    pub(super) work: Work,
    pub(super) talk: Talk,
    pub(super) api: ApiFacts,
    pub(super) subagent_runs: Vec<SubagentFacts>,
}

impl Parts {
    /// Joins the parts; gaps and sources are still missing.
    pub(super) fn join(self, attempt: &Attempt, events: &Events) -> AttemptFacts {
        let Self { recorded, times, totals, rounds, work, talk, .. } = self;
        AttemptFacts {
            attempt: attempt.number,
            path: attempt.path.clone(),
            outcome: self.outcome,
            wall_ms: times.wall_ms,
            recorded_duration_ms: recorded.duration_ms,
            winner: self.winner,
            recorded_winner: recorded.winner,
            agents: self.agents,
            tool_calls: totals.tool_calls,
            tool_failures: totals.tool_failures,
            recorded_tool_failures: recorded.tool_failures,
            unfinished_tool_calls: totals.unfinished_tool_calls,
            unknown_tool_calls: unknown_tool_calls(attempt, events),
            input_tokens: totals.input_tokens,
            output_tokens: totals.output_tokens,
            cached_tokens: totals.cached_tokens,
            reasoning_tokens: totals.reasoning_tokens,
            cache_hit_rate: totals.cache_hit_rate,
            recorded_input_tokens: totals.recorded_input_tokens,
            cost_usd: totals.cost_usd + attempt.counters.subagent_cost_usd,
            subagent_cost_usd: attempt.counters.subagent_cost_usd,
            recorded_cost_usd: recorded.cost_usd,
            unattributed_input_tokens: totals.unattributed_input_tokens,
            critical_path: times.critical_path,
            lead_in_ms: times.lead_in_ms,
            lead_out_ms: times.lead_out_ms,
            phases: rounds.phases,
            checklist: rounds.checklist,
            checklist_with_proposal: rounds.checklist_with_proposal,
            tools: work.tools,
            servers: work.servers,
            commands: work.commands,
            duplicates: work.duplicates,
            duplicate_prompts: work.duplicate_prompts,
            repeated_failures: work.repeated_failures,
            failure_streaks: work.failure_streaks,
            background_jobs: work.background_jobs,
            votes: talk.votes,
            vote_summary: talk.vote_summary,
            ignored_votes: talk.ignored_votes,
            tie: talk.tie,
            answers: talk.answers,
            restarts: restarts(attempt),
            restart_list: talk.restart_list,
            enforcement: talk.enforcement,
            api_calls: self.api.calls,
            api: self.api,
            api_errors: attempt.log.api_error_count,
            subagents: self.subagent_runs.len() as u64,
            subagent_runs: self.subagent_runs,
            timeouts: talk.timeouts,
            exceptions: attempt.log.exception_count,
            log_errors: attempt.log.errors,
            log_warnings: attempt.log.warnings,
            timed_out: self.outcome == Outcome::Timeout,
            has_events: attempt.events.is_some(),
            events: events.count,
            gaps: Vec::new(),
            sources: Vec::new(),
        }
    }
}

/// Figures that MassGen recorded, compared with the measured ones.
pub(super) struct Recorded {
    duration_ms: Option<u64>,
    winner: Option<String>,
    tool_failures: Option<u64>,
    cost_usd: f64,
}

pub(super) fn recorded(attempt: &Attempt) -> Recorded {
    let counters = &attempt.counters;
    let agents_cost: f64 = counters.agents.values().map(|agent| agent.tokens.cost_usd).sum();
    Recorded {
        duration_ms: recorded_duration(attempt),
        winner: recorded_winner(attempt),
        tool_failures: counters.has_tools.then_some(counters.tool_failures),
        cost_usd: agents_cost + counters.subagent_cost_usd,
    }
}

fn recorded_duration(attempt: &Attempt) -> Option<u64> {
    if attempt.counters.agents.is_empty() {
        return None;
    }
    let rounds = attempt.counters.agents.values().flat_map(|agent| &agent.rounds);
    Some(rounds.map(|round| round.duration_ms).sum::<f64>().round() as u64)
}

fn recorded_winner(attempt: &Attempt) -> Option<String> {
    attempt.counters.winner.clone().or_else(|| attempt.status.as_ref()?.winner.clone())
}

/// Times of the attempt as a whole.
#[derive(Default)]
pub(super) struct Times {
    wall_ms: u64,
    lead_in_ms: u64,
    lead_out_ms: u64,
    critical_path: Vec<Leg>,
}

pub(super) fn times(attempt: &Attempt, events: &Events, agents: &[MeasuredAgent]) -> Times {
    let Some(span) = events.span else {
        return Times {
            wall_ms: wall_without_events(attempt),
            critical_path: critical_path::critical_path(agents, 0),
            ..Times::default()
        };
    };
    let rounds = || agents.iter().flat_map(|agent| &agent.rounds);
    let first_start_us = rounds().map(|round| round.start_us).min();
    let last_end_us = rounds().map(|round| round.end_us).max();
    Times {
        wall_ms: ms(span.last_us - span.first_us),
        lead_in_ms: first_start_us.map_or(0, |start| ms(start - span.first_us)),
        lead_out_ms: last_end_us.map_or(0, |end| ms(span.last_us - end)),
        critical_path: critical_path::critical_path(agents, span.first_us),
    }
}

fn wall_without_events(attempt: &Attempt) -> u64 {
    let recorded = attempt.status.as_ref().map_or(0, |status| status.updated_ms - status.start_ms);
    match u64::try_from(recorded) {
        Ok(ms) if ms > 0 && !attempt.counters.agents.is_empty() => ms,
        _ if attempt.events.is_none() => attempt.log.span_ms,
        _ => 0,
    }
}

/// Sums over the agents; the cost is theirs alone, without subagents.
pub(super) struct Totals {
    tool_calls: u64,
    tool_failures: u64,
    unfinished_tool_calls: u64,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    reasoning_tokens: u64,
    recorded_input_tokens: u64,
    unattributed_input_tokens: u64,
    cost_usd: f64,
    cache_hit_rate: Option<f64>,
}

pub(super) fn totals(agents: &[AgentFacts]) -> Totals {
    let sum = |of: fn(&AgentFacts) -> u64| agents.iter().map(of).sum::<u64>();
    let cached_tokens = sum(|agent| agent.cached_tokens);
    Totals {
        tool_calls: sum(|agent| agent.tool_calls),
        tool_failures: sum(|agent| agent.tool_failures),
        unfinished_tool_calls: sum(|agent| agent.unfinished_tool_calls),
        input_tokens: sum(|agent| agent.input_tokens),
        output_tokens: sum(|agent| agent.output_tokens),
        cached_tokens,
        reasoning_tokens: sum(|agent| agent.reasoning_tokens),
        recorded_input_tokens: sum(|agent| agent.recorded_input_tokens),
        unattributed_input_tokens: sum(|agent| agent.unattributed_input_tokens),
        cost_usd: agents.iter().map(|agent| agent.cost_usd).sum(),
        cache_hit_rate: cache_hit_rate(agents, cached_tokens),
    }
}

/// Cached share of all prompts. Services differ in whether input tokens include cached ones, so each agent's prompt
/// is derived from its own rate.
fn cache_hit_rate(agents: &[AgentFacts], cached_tokens: u64) -> Option<f64> {
    let prompts = agents.iter().map(|agent| {
        let rate = agent.cache_hit_rate.filter(|rate| *rate > 0.0);
        rate.map_or(agent.input_tokens as f64, |rate| agent.cached_tokens as f64 / rate)
    });
    let prompt: f64 = prompts.sum();
    (prompt > 0.0).then(|| (cached_tokens as f64 / prompt * 1e4).round() / 1e4)
}

/// Sums over the rounds of all agents.
pub(super) struct RoundTotals {
    phases: Vec<Phase>,
    checklist: Option<ChecklistShare>,
    checklist_with_proposal: Option<ChecklistShare>,
}

pub(super) fn rounds(agents: &[AgentFacts]) -> RoundTotals {
    let rounds = || agents.iter().flat_map(|agent| &agent.round_list);
    let with_checklist =
        || rounds().filter_map(|round| Some((round.wall_ms, round.checklist.as_deref()?)));
    let with_proposal =
        with_checklist().filter(|(_, checklist)| checklist.implementation_ms.is_some());
    RoundTotals {
        phases: phases::phases(agents),
        checklist: checklist::share(with_checklist()),
        checklist_with_proposal: checklist::share(with_proposal),
    }
}

fn unknown_tool_calls(attempt: &Attempt, events: &Events) -> u64 {
    let is_known = |tool: &str| events.tools.iter().any(|known| **known == *tool);
    attempt.log.unknown_tools.iter().filter(|(tool, _)| !is_known(tool)).count() as u64
}

/// Counts restarts. MassGen writes one at every new answer, even for agents that had not started; only those that cut
/// off work count.
fn restarts(attempt: &Attempt) -> u64 {
    let Some(events) = &attempt.events else {
        return attempt.status.iter().flat_map(|s| s.agents.values()).map(|a| a.restarts).sum();
    };
    let is_restart = |moment: &&Moment| matches!(moment.kind, MomentKind::Restart(_));
    events.moments.iter().filter(is_restart).count() as u64
}

/// The agent that presented, according to the events or the files: MassGen records no winner after a timeout and
/// loses it after a restart.
pub(super) fn winner(attempt: &Attempt) -> Option<String> {
    let events = attempt.events.as_ref();
    let moments = || events.iter().flat_map(|events| events.moments.iter().rev());
    let presented = moments().find(|moment| {
        matches!(moment.kind, MomentKind::FinalAnswer(_) | MomentKind::PresentationStart(_))
    });
    let selected = moments().find_map(|moment| match &moment.kind {
        MomentKind::Timeout(timeout) => timeout.1.clone(),
        _ => None,
    });
    presented
        .and_then(|moment| events?.agent(moment.agent).map(String::from))
        .or(selected)
        .or_else(|| recorded_winner(attempt))
        .or_else(|| attempt.final_answers.first().cloned())
}
