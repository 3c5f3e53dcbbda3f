//! One attempt, measured.

use serde::Serialize;

use super::agents::{self, AgentFacts};
use super::checklist::{self, ChecklistShare};
use super::critical_path::{self, Leg};
use super::gaps::{self, Gap};
use super::interval::ms;
use super::outcome::{self, Outcome};
use super::phases::{self, Phase};
use super::place::Source;
use super::sources;
use super::spend::{self, ApiFacts, SubagentFacts};
use super::talk::{self, Answer, Enforcement, Restart, TimedOut, Vote, VoteSummary};
use super::work::{
    self, BackgroundJob, CommandPattern, Duplicate, RepeatedFailure, ServerRow, ToolRow,
};
use crate::events::{Events, MomentKind};
use crate::run::Attempt;

/// One attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AttemptFacts {
    /// From 1.
    pub attempt: u32,
    /// Path of its directory below the run.
    pub path: String,
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
    /// Cached part of the prompt tokens.
    pub cached_tokens: u64,
    /// Reasoning part of the reply tokens.
    pub reasoning_tokens: u64,
    /// Share of the prompt that was cached.
    pub cache_hit_rate: Option<f64>,
    /// Prompt tokens as recorded, running on over attempts and turns.
    pub recorded_input_tokens: u64,
    /// Cost of this attempt alone, agents and subagents.
    pub cost_usd: f64,
    /// Of that, the cost of subagents.
    pub subagent_cost_usd: f64,
    /// Cost as recorded, running on.
    pub recorded_cost_usd: f64,
    /// Prompt tokens that no recorded round holds.
    pub unattributed_input_tokens: u64,
    /// The chain of rounds that decided the end.
    pub critical_path: Vec<Leg>,
    /// From the first event to the first round: criteria, subtasks, personas, connections.
    pub lead_in_ms: u64,
    /// From the end of the last round to the last event.
    pub lead_out_ms: u64,
    /// Rounds by kind.
    pub phases: Vec<Phase>,
    /// Rounds that went through a checklist.
    pub checklist: Option<ChecklistShare>,
    /// Those of them that proposed an approach.
    pub checklist_with_proposal: Option<ChecklistShare>,
    /// Tools by name.
    pub tools: Vec<ToolRow>,
    /// Servers, most time first.
    pub servers: Vec<ServerRow>,
    /// Shell commands by pattern, most time first.
    pub commands: Vec<CommandPattern>,
    /// Work done more than once.
    pub duplicates: Vec<Duplicate>,
    /// Prompts given to tools more than once, with other arguments beside them.
    pub duplicate_prompts: Vec<Duplicate>,
    /// The same call that failed again and again.
    pub repeated_failures: Vec<RepeatedFailure>,
    /// A tool that failed three times in a row or more, with whatever arguments.
    pub failure_streaks: Vec<RepeatedFailure>,
    /// Tools that went on in the background.
    pub background_jobs: Vec<BackgroundJob>,
    /// Votes that were cast and not thrown away.
    pub votes: Vec<Vote>,
    /// The votes together.
    pub vote_summary: VoteSummary,
    /// Votes that were thrown away because of a new answer.
    pub ignored_votes: u64,
    /// The vote was a tie.
    pub tie: bool,
    /// Answers in order.
    pub answers: Vec<Answer>,
    /// Rounds that were cut off and begun again.
    pub restarts: u64,
    /// The restarts one by one.
    pub restart_list: Vec<Restart>,
    /// Forced retries.
    pub enforcement: Vec<Enforcement>,
    /// Requests to services.
    pub api: ApiFacts,
    /// Calls to the models' services that MassGen counted.
    pub api_calls: u64,
    /// Requests that failed, as the text log shows; MassGen counts none.
    pub api_errors: u64,
    /// Subagents that were started.
    pub subagents: u64,
    /// What is known of each.
    pub subagent_runs: Vec<SubagentFacts>,
    /// Time that ran out.
    pub timeouts: Vec<TimedOut>,
    /// Exceptions that the text log shows with their stack.
    pub exceptions: u64,
    /// Lines of the level `ERROR` in the text log.
    pub log_errors: u64,
    /// Lines of the level `WARNING`.
    pub log_warnings: u64,
    /// The orchestrator ran out of time.
    pub timed_out: bool,
    /// There is an `events.jsonl`.
    pub has_events: bool,
    /// Lines of `events.jsonl` that hold an event.
    pub events: u64,
    /// What the record lacks or says wrongly.
    pub gaps: Vec<Gap>,
    /// Where figures were read.
    pub sources: Vec<Source>,
}

/// Measures an attempt; `before` are the earlier ones of the run, whose counters run on.
pub(super) fn measure(attempt: &Attempt, before: &[&Attempt], is_last: bool) -> AttemptFacts {
    let none = Events::default();
    let events = attempt.events.as_ref().unwrap_or(&none);
    let origin = events.span.map_or(0, |span| span.first_us);
    let outcome = outcome::outcome(attempt, is_last);
    let mut facts = AttemptFacts {
        attempt: attempt.number,
        path: attempt.path.clone(),
        outcome,
        ..AttemptFacts::default()
    };
    facts.winner = winner(attempt);
    recorded(&mut facts, attempt);
    time(&mut facts, attempt, events, agents::agents(attempt, before, origin));
    sums(&mut facts, attempt);
    did(&mut facts, events, origin);
    said(&mut facts, attempt, origin);
    shares(&mut facts, attempt);
    facts.unknown_tool_calls = unknown_tool_calls(attempt, events);
    facts.api = spend::api(attempt, before);
    facts.api_calls = facts.api.calls;
    facts.subagent_runs = spend::subagents(attempt);
    facts.subagents = facts.subagent_runs.len() as u64;
    facts.gaps = gaps::gaps(attempt, &facts);
    facts.sources = sources::sources(attempt, &facts);
    facts
}

fn recorded(facts: &mut AttemptFacts, attempt: &Attempt) {
    facts.recorded_duration_ms = recorded_duration(attempt);
    facts.recorded_winner =
        attempt.counters.winner.clone().or_else(|| attempt.status.as_ref()?.winner.clone());
    facts.recorded_tool_failures =
        attempt.counters.has_tools.then_some(attempt.counters.tool_failures);
    facts.subagent_cost_usd = attempt.counters.subagent_cost_usd;
    facts.recorded_cost_usd =
        attempt.counters.agents.values().map(|c| c.tokens.cost_usd).sum::<f64>()
            + facts.subagent_cost_usd;
    facts.exceptions = attempt.log.exception_count;
    facts.log_errors = attempt.log.errors;
    facts.log_warnings = attempt.log.warnings;
    facts.api_errors = attempt.log.api_error_count;
    facts.timed_out = facts.outcome == Outcome::Timeout;
    facts.has_events = attempt.events.is_some();
}

/// Who took how long. The rounds that agents are measured by end here: of a long run they are many.
fn time(
    facts: &mut AttemptFacts,
    attempt: &Attempt,
    events: &Events,
    measured: Vec<agents::Measured>,
) {
    let rounds: Vec<_>;
    (facts.agents, rounds) = measured
        .into_iter()
        .map(|(agent, rounds)| {
            let id = agent.id.clone();
            (agent, (id, rounds))
        })
        .unzip();
    let origin = events.span.map_or(0, |span| span.first_us);
    facts.critical_path = critical_path::critical_path(&rounds, origin);
    facts.events = events.count;
    let Some(span) = events.span else {
        facts.wall_ms = wall_without_events(attempt);
        return;
    };
    facts.wall_ms = ms(span.last_us - span.first_us);
    let rounds = || rounds.iter().flat_map(|(_, rounds)| rounds);
    if let Some(first) = rounds().map(|round| round.start_us).min() {
        facts.lead_in_ms = ms(first - span.first_us);
    }
    if let Some(last) = rounds().map(|round| round.end_us).max() {
        facts.lead_out_ms = ms(span.last_us - last);
    }
}

fn sums(facts: &mut AttemptFacts, attempt: &Attempt) {
    let agents = &facts.agents;
    let sum = |of: fn(&AgentFacts) -> u64| agents.iter().map(of).sum::<u64>();
    facts.tool_calls = sum(|agent| agent.tool_calls);
    facts.tool_failures = sum(|agent| agent.tool_failures);
    facts.unfinished_tool_calls = sum(|agent| agent.unfinished_tool_calls);
    facts.input_tokens = sum(|agent| agent.input_tokens);
    facts.output_tokens = sum(|agent| agent.output_tokens);
    facts.cached_tokens = sum(|agent| agent.cached_tokens);
    facts.reasoning_tokens = sum(|agent| agent.reasoning_tokens);
    facts.recorded_input_tokens = sum(|agent| agent.recorded_input_tokens);
    facts.unattributed_input_tokens = sum(|agent| agent.unattributed_input_tokens);
    facts.cost_usd =
        agents.iter().map(|agent| agent.cost_usd).sum::<f64>() + facts.subagent_cost_usd;
    // Each agent's own prompt, counted as its service counts it.
    let prompts = agents.iter().map(|agent| {
        let rate = agent.cache_hit_rate.filter(|rate| *rate > 0.0);
        rate.map_or(agent.input_tokens as f64, |rate| agent.cached_tokens as f64 / rate)
    });
    let prompt: f64 = prompts.sum();
    facts.cache_hit_rate =
        (prompt > 0.0).then(|| (facts.cached_tokens as f64 / prompt * 1e4).round() / 1e4);
    facts.restarts = restarts(attempt);
}

/// What was done with tools.
fn did(facts: &mut AttemptFacts, events: &Events, origin: i64) {
    facts.tools = work::rows([events].into_iter());
    facts.servers = work::servers(&facts.tools);
    facts.commands = work::commands(events);
    facts.duplicates = work::duplicates(events, &facts.agents);
    facts.duplicate_prompts = work::prompts(events, &facts.agents, &facts.duplicates);
    facts.repeated_failures = work::repeated_failures(events);
    facts.failure_streaks = work::streaks(events);
    facts.background_jobs = work::background_jobs(events, origin);
    facts.phases = phases::phases(&facts.agents);
    let segments = || facts.agents.iter().flat_map(|agent| &agent.segments);
    let gated = || segments().filter_map(|s| Some((s.wall_ms, s.checklist.as_deref()?)));
    facts.checklist = checklist::share(gated());
    facts.checklist_with_proposal =
        checklist::share(gated().filter(|(_, checklist)| checklist.implementation_ms.is_some()));
}

/// What agents said to each other.
fn said(facts: &mut AttemptFacts, attempt: &Attempt, origin: i64) {
    facts.answers = talk::answers(attempt, origin);
    facts.votes = talk::votes(attempt, origin);
    facts.tie = attempt
        .events
        .iter()
        .flat_map(|events| &events.moments)
        .any(|moment| matches!(moment.kind, MomentKind::PresentationStart(true)));
    let ids = facts.agents.iter().map(|agent| agent.id.as_str());
    facts.vote_summary = talk::summary(&facts.votes, ids, facts.tie);
    facts.ignored_votes =
        attempt.coordination.iter().filter(|event| event.kind == "vote_ignored").count() as u64;
    facts.restart_list = talk::restarts(attempt, origin);
    facts.enforcement = talk::enforcement(attempt);
    facts.timeouts = talk::timeouts(attempt);
}

/// What each agent's share of the cost bought.
fn shares(facts: &mut AttemptFacts, attempt: &Attempt) {
    let total: f64 = facts.agents.iter().map(|agent| agent.cost_usd).sum();
    for agent in &mut facts.agents {
        agent.cost_share =
            (total > 0.0).then(|| (agent.cost_usd / total * 1000.0).round() / 1000.0);
        agent.won = facts.winner.as_deref() == Some(agent.id.as_str());
        agent.votes_received =
            facts.vote_summary.counts.get(agent.id.as_str()).copied().unwrap_or(0);
        if attempt.events.is_none() {
            let mine = |id: &str| id == agent.id;
            agent.answers =
                facts.answers.iter().filter(|answer| mine(&answer.agent)).count() as u64;
            agent.votes_cast = facts.votes.iter().filter(|vote| mine(&vote.voter)).count() as u64;
        }
    }
}

fn unknown_tool_calls(attempt: &Attempt, events: &Events) -> u64 {
    let known = |tool: &str| events.tools.iter().any(|known| **known == *tool);
    attempt.log.unknown_tools.iter().filter(|(tool, _)| !known(tool)).count() as u64
}

/// Who presented, as the events or the files show; the recorded winner is missing after a timeout and
/// lost after a restart.
fn winner(attempt: &Attempt) -> Option<String> {
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
    let Some(events) = &attempt.events else {
        return attempt.status.iter().flat_map(|s| s.agents.values()).map(|a| a.restarts).sum();
    };
    let written = |moment: &&crate::events::Moment| matches!(moment.kind, MomentKind::Restart(_));
    events.moments.iter().filter(written).count() as u64
}
