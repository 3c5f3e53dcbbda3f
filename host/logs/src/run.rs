//! A run as it was recorded: compact records with the place that each came from. Texts that can be long
//! (answers, tool results) are measured while they stream by and not kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;

/// An agent's id, shared between records.
pub type AgentId = Arc<str>;

/// A run directory's content.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The directory's name, `log_…`.
    pub name: String,
    /// The turns that were read, by number.
    pub turns: Vec<Turn>,
    /// Numbers of all turns there are.
    pub turn_numbers: Vec<u32>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// One turn.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    /// From 1.
    pub number: u32,
    /// By number.
    pub attempts: Vec<Attempt>,
}

/// One attempt: everything that one pass of the orchestrator recorded.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// Path below the run, `turn_N/attempt_M`.
    pub path: String,
    /// `execution_metadata.yaml`.
    pub metadata: Metadata,
    /// `status.json`, none where it is missing or unreadable.
    pub status: Option<Status>,
    /// Token and tool counters, of `metrics_summary.json` or, without it, of `status.json`.
    pub counters: Counters,
    /// `metrics_summary.json` is there: MassGen came to its orderly end.
    pub has_metrics: bool,
    /// `events.jsonl`, none where there is no such file.
    pub events: Option<Vec<Event>>,
    /// What `coordination_events.json` adds.
    pub coordination: Vec<Coordination>,
    /// What `massgen.log` or `massgen_debug.log` adds.
    pub log: LogNotes,
    /// Agents with a final answer in `final/`.
    pub final_answers: Vec<String>,
    /// Subagents that were started.
    pub subagents: Vec<Subagent>,
}

/// What `execution_metadata.yaml` says.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// The user's question.
    pub question: Option<String>,
    /// Start, naive local time as written.
    pub started: Option<String>,
    /// MassGen's version.
    pub version: Option<String>,
    /// Where the program failed, if it failed early.
    pub failure_stage: Option<String>,
    /// Why.
    pub failure_error: Option<String>,
    /// Model of each agent, from the configuration.
    pub models: BTreeMap<String, String>,
    /// Lines that hold an API key in clear.
    pub key_lines: Vec<u64>,
    /// Line of `failure_error`.
    pub failure_line: u64,
}

/// What `status.json` says.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// `completed`, `timeout`, `error`, `in_progress`, …
    pub finish_reason: String,
    /// The winner as recorded.
    pub winner: Option<String>,
    /// The question as recorded.
    pub question: Option<String>,
    /// Start and last update, Unix milliseconds.
    pub start_ms: i64,
    /// Last update.
    pub updated_ms: i64,
    /// Per agent.
    pub agents: BTreeMap<String, AgentStatus>,
}

/// One agent in `status.json`.
#[derive(Debug, Clone, Default)]
pub struct AgentStatus {
    /// `waiting`, `voted`, `error`, …
    pub state: String,
    /// Message of its error.
    pub error: Option<String>,
    /// How often it started again.
    pub restarts: u64,
    /// Reasons for which the orchestrator made it try again, with how often.
    pub enforcement: BTreeMap<String, u64>,
    /// Characters of output that those retries threw away.
    pub chars_lost: u64,
}

/// Counters as recorded: cumulative over the turns and attempts of one process.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Per agent.
    pub agents: BTreeMap<String, AgentCounters>,
    /// The winner that `metrics_summary.json` names.
    pub winner: Option<String>,
    /// Tool failures that MassGen counted.
    pub tool_failures: u64,
    /// Whether there are tool counters at all.
    pub has_tools: bool,
    /// Calls to the models' services.
    pub api_calls: u64,
    /// Their time.
    pub api_time_ms: f64,
    /// Average time to the first text, zeros of tool-only replies included.
    pub avg_ttft_ms: f64,
    /// Cost of subagents.
    pub subagent_cost_usd: f64,
}

/// One agent's counters.
#[derive(Debug, Clone, Default)]
pub struct AgentCounters {
    /// Tokens and cost.
    pub tokens: Tokens,
    /// Finished rounds.
    pub rounds: Vec<RecordedRound>,
}

/// Tokens and cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tokens {
    /// Prompt.
    pub input: u64,
    /// Reply.
    pub output: u64,
    /// Part of the prompt that was cached.
    pub cached: u64,
    /// Part of the reply.
    pub reasoning: u64,
    /// US dollars as MassGen estimated them; 0 also where it knew no price.
    pub cost_usd: f64,
}

/// A row of `round_history`.
#[derive(Debug, Clone, Default)]
pub struct RecordedRound {
    /// Unix milliseconds.
    pub start_ms: i64,
    /// Wall time of the round.
    pub duration_ms: f64,
    /// `initial_answer`, `voting`, `presentation`, …
    pub kind: String,
    /// `answer`, `vote`, `restarted`, …
    pub outcome: String,
    /// Tokens and cost.
    pub tokens: Tokens,
}

/// A line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// From 1.
    pub line: u64,
    /// Naive local time in microseconds, as if it were UTC.
    pub at_us: i64,
    /// Who it is about.
    pub agent: Option<AgentId>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A round begins.
    RoundStart,
    /// A round is cut off and begins again.
    Restart {
        /// Why.
        reason: String,
    },
    /// A tool is called.
    ToolStart {
        /// Pairs it with its end.
        id: String,
        /// The tool's name.
        tool: Arc<str>,
        /// Canonical JSON of the arguments, cut.
        args: String,
        /// Hash of the whole canonical JSON.
        args_hash: u64,
    },
    /// A tool call ended.
    ToolEnd {
        /// Pairs it with its start.
        id: String,
        /// The tool's name.
        tool: Arc<str>,
        /// As recorded.
        elapsed_ms: f64,
        /// MassGen calls it an error.
        recorded_failure: bool,
        /// The result text shows a failure: how, in a few words.
        failure: Option<String>,
        /// It goes on in the background.
        background: bool,
        /// Size of the result.
        result_chars: u64,
        /// Subagents in the result that claim success and have nothing to show for it.
        hollow_subagents: Vec<String>,
    },
    /// An answer was handed in.
    Answer {
        /// `agent1.2`.
        label: String,
        /// Size of what the event holds.
        chars: u64,
    },
    /// A vote was cast.
    Vote {
        /// Agent that is voted for.
        target: String,
        /// Why, cut.
        reason: String,
    },
    /// The winner begins to present.
    PresentationStart {
        /// Votes were equal.
        is_tie: bool,
    },
    /// The final answer.
    FinalAnswer {
        /// Size.
        chars: u64,
    },
    /// The orchestrator ran out of time.
    Timeout {
        /// Why.
        reason: String,
        /// Who presents all the same.
        selected: Option<String>,
    },
    /// The whole attempt begins again.
    AttemptRestart {
        /// Why.
        reason: String,
    },
    /// A message that starts with a cross: an error or a forced retry, cut.
    Trouble {
        /// The message.
        message: String,
    },
    /// Text, thinking or a hook: activity without a meaning of its own.
    Activity,
    /// Anything else.
    Other,
}

/// An event of `coordination_events.json` that other files lack.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordination {
    /// Line within the file.
    pub line: u64,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Who it is about.
    pub agent: Option<String>,
    /// `vote_cast`, `vote_ignored`, `agent_timeout`, …
    pub kind: String,
    /// The file's words for it.
    pub details: String,
    /// Votes: who is voted for. Answers: the label.
    pub subject: Option<String>,
    /// Votes: why.
    pub reason: Option<String>,
}

/// What a text log adds.
#[derive(Debug, Clone, Default)]
pub struct LogNotes {
    /// Name of the file below the attempt.
    pub file: String,
    /// Tools that were called and are not there: name and line.
    pub unknown_tools: Vec<(String, u64)>,
    /// Line that says that there is no answer.
    pub no_answer: Option<u64>,
    /// Failed requests to a model's service: line and message, cut.
    pub api_errors: Vec<(u64, String)>,
    /// All failed requests, also those beyond the kept ones.
    pub api_error_count: u64,
    /// Votes that were thrown away.
    pub ignored_votes: u64,
    /// Seconds between first and last line.
    pub span_ms: u64,
}

/// A subagent as the metrics list it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subagent {
    /// Its id.
    pub id: String,
    /// As recorded: the phase it was in.
    pub status: String,
    /// US dollars.
    pub cost_usd: f64,
    /// Tokens.
    pub input_tokens: u64,
    /// Calls to the service.
    pub api_calls: u64,
}
