//! The facts of one attempt.

mod parts;

use serde::Serialize;

use super::agents::{self, AgentFacts};
use super::checklist::ChecklistShare;
use super::critical_path::Leg;
use super::gaps::{self, Gap};
use super::log_lines::Source;
use super::outcome::{self, Outcome};
use super::phases::Phase;
use super::sources;
use super::spend::{self, ApiFacts, SubagentFacts};
use super::talk::{Answer, Enforcement, Restart, Talk, TimedOut, Vote, VoteSummary};
use super::work::{
    BackgroundJob, CommandPattern, Duplicate, RepeatedFailure, ServerRow, ToolRow, Work,
};
use crate::events::Events;
use crate::run::Attempt;
use parts::Parts;

/// One attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AttemptFacts {
    /// Number, from 1.
    pub attempt: u32,
    /// Path of its directory below the run.
    pub path: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Wall time from the first to the last event.
    pub wall_ms: u64,
    /// Duration that MassGen shows: the sum of all agents' rounds.
    pub recorded_duration_ms: Option<u64>,
    /// Agent that presented the final answer.
    pub winner: Option<String>,
    /// Agent that MassGen recorded as the winner.
    pub recorded_winner: Option<String>,
    /// Agents, by id.
    pub agents: Vec<AgentFacts>,
    /// Finished tool calls.
    pub tool_calls: u64,
    /// Finished tool calls whose result shows a failure.
    pub tool_failures: u64,
    /// Tool failures that MassGen counted; `null` without counters.
    pub recorded_tool_failures: Option<u64>,
    /// Tool calls that never finished.
    pub unfinished_tool_calls: u64,
    /// Calls to tools that do not exist; MassGen records no event for them.
    pub unknown_tool_calls: u64,
    /// Prompt tokens of this attempt alone.
    pub input_tokens: u64,
    /// Reply tokens of this attempt alone.
    pub output_tokens: u64,
    /// Cached part of the prompt tokens.
    pub cached_tokens: u64,
    /// Reasoning part of the reply tokens.
    pub reasoning_tokens: u64,
    /// Cached share of the prompt, 0 to 1.
    pub cache_hit_rate: Option<f64>,
    /// Prompt tokens as recorded, cumulative over attempts and turns.
    pub recorded_input_tokens: u64,
    /// Cost of this attempt alone, subagents included.
    pub cost_usd: f64,
    /// Part of the cost that subagents caused.
    pub subagent_cost_usd: f64,
    /// Cost as recorded, cumulative over attempts and turns.
    pub recorded_cost_usd: f64,
    /// Prompt tokens that appear in no recorded round.
    pub unattributed_input_tokens: u64,
    /// Chain of rounds that determined when the attempt ended.
    pub critical_path: Vec<Leg>,
    /// Time from the first event to the first round: criteria, subtasks, personas, connections.
    pub lead_in_ms: u64,
    /// Time from the end of the last round to the last event.
    pub lead_out_ms: u64,
    /// Rounds by kind.
    pub phases: Vec<Phase>,
    /// Rounds with a checklist.
    pub checklist: Option<ChecklistShare>,
    /// Rounds with a checklist and a proposed approach.
    pub checklist_with_proposal: Option<ChecklistShare>,
    /// Tools, by name.
    pub tools: Vec<ToolRow>,
    /// Tool servers, most time first.
    pub servers: Vec<ServerRow>,
    /// Shell commands by pattern, most time first.
    pub commands: Vec<CommandPattern>,
    /// Calls made more than once with the same arguments.
    pub duplicates: Vec<Duplicate>,
    /// Prompts passed to tools more than once, with different other arguments.
    pub duplicate_prompts: Vec<Duplicate>,
    /// Calls that failed more than once with the same arguments.
    pub repeated_failures: Vec<RepeatedFailure>,
    /// Tools that failed three times in a row or more, with any arguments.
    pub failure_streaks: Vec<RepeatedFailure>,
    /// Tools that ran in the background.
    pub background_jobs: Vec<BackgroundJob>,
    /// Votes that were cast and not discarded.
    pub votes: Vec<Vote>,
    /// Totals of the votes.
    pub vote_summary: VoteSummary,
    /// Votes that were discarded because of a new answer.
    pub ignored_votes: u64,
    /// Whether the vote was tied.
    pub tie: bool,
    /// Answers, in order.
    pub answers: Vec<Answer>,
    /// Rounds that were cut off and restarted.
    pub restarts: u64,
    /// The restarts, one by one.
    pub restart_list: Vec<Restart>,
    /// Forced retries.
    pub enforcement: Vec<Enforcement>,
    /// Requests to model services.
    pub api: ApiFacts,
    /// Requests to model services that MassGen counted.
    pub api_calls: u64,
    /// Failed requests in the text log; MassGen counts none.
    pub api_errors: u64,
    /// Subagents that were started.
    pub subagents: u64,
    /// The subagents, one by one.
    pub subagent_runs: Vec<SubagentFacts>,
    /// Timeouts.
    pub timeouts: Vec<TimedOut>,
    /// Exceptions in the text log that have a stack trace.
    pub exceptions: u64,
    /// Lines of level `ERROR` in the text log.
    pub log_errors: u64,
    /// Lines of level `WARNING` in the text log.
    pub log_warnings: u64,
    /// Whether the orchestrator timed out.
    pub timed_out: bool,
    /// Whether there is an `events.jsonl`.
    pub has_events: bool,
    /// Lines of `events.jsonl` that hold an event.
    pub events: u64,
    /// Missing and wrong parts of the record.
    pub gaps: Vec<Gap>,
    /// Files and lines that single figures were read from.
    pub sources: Vec<Source>,
}

/// Measures an attempt. `before` are the run's earlier attempts: counters are cumulative over them.
pub(super) fn measure(attempt: &Attempt, before: &[&Attempt], is_last: bool) -> AttemptFacts {
    let none = Events::default();
    let events = attempt.events.as_ref().unwrap_or(&none);
    let origin_us = events.span.map_or(0, |span| span.first_us);
    let measured = agents::agents(attempt, before, origin_us);
    let times = parts::times(attempt, events, &measured);
    // Long runs have many observed rounds: they are freed here.
    let agents: Vec<AgentFacts> = measured.into_iter().map(|agent| agent.facts).collect();
    let talk = Talk::measure(attempt, origin_us, &agents);
    let winner = parts::winner(attempt);
    let agents = agents::with_results(agents, winner.as_deref(), &talk, attempt.events.is_some());
    let parts = Parts {
        outcome: outcome::outcome(attempt, is_last),
        recorded: parts::recorded(attempt),
        totals: parts::totals(&agents),
        rounds: parts::rounds(&agents),
        work: Work::measure(events, origin_us, &agents),
        api: spend::api(attempt, before),
        subagent_runs: spend::subagents(attempt),
        winner,
        agents,
        times,
        talk,
    };
    let facts = parts.join(attempt, events);
    let gaps = gaps::gaps(attempt, &facts);
    let sources = sources::sources(attempt, &facts);
    AttemptFacts { gaps, sources, ..facts }
}
