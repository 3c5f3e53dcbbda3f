//! A run as recorded: compact records, each with its lines. Long texts (answers, tool results) are measured while they
//! are read and not kept.

use crate::diagnostic::Diagnostic;
use crate::events::Events;
use std::collections::BTreeMap;

/// The content of a run's directory.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Name of the directory, `log_…`.
    pub name: String,
    /// Turns that were read, by number.
    pub turns: Vec<Turn>,
    /// Numbers of all turns in the directory.
    pub turn_numbers: Vec<u32>,
    /// Unreadable parts.
    pub diagnostics: Vec<Diagnostic>,
}

/// One turn.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    /// Number, from 1.
    pub number: u32,
    /// Attempts, by number.
    pub attempts: Vec<Attempt>,
}

/// The record of one attempt.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// Number, from 1.
    pub number: u32,
    /// Path below the run, `turn_N/attempt_M`.
    pub path: String,
    /// Content of `execution_metadata.yaml`.
    pub metadata: Metadata,
    /// Content of `status.json`; `None` if it is missing or unreadable.
    pub status: Option<AttemptStatus>,
    /// Token and tool counters from `metrics_summary.json` or, without it, from `status.json`.
    pub counters: Counters,
    /// Whether `metrics_summary.json` exists: MassGen ended in an orderly way.
    pub has_metrics: bool,
    /// Content of `events.jsonl`; `None` without the file.
    pub events: Option<Events>,
    /// Events that only `coordination_events.json` has.
    pub coordination: Vec<Coordination>,
    /// Notes from `massgen.log` or `massgen_debug.log`.
    pub log: LogNotes,
    /// Agents with a final answer in `final/`.
    pub final_answers: Vec<String>,
    /// Subagents in the metrics.
    pub subagents: Vec<Subagent>,
    /// Texts of answers, in the order of submission.
    pub answer_texts: Vec<AnswerText>,
    /// Runs of subagents whose logs are in the run's directory.
    pub nested: Vec<NestedRun>,
    /// Content of the directory that is not part of the record.
    pub ballast: Ballast,
}

/// Content of an attempt's directory that is not part of the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ballast {
    /// Copies of repositories in workspace snapshots.
    pub repositories: u64,
    /// Links that lead out of the run.
    pub links_out: u64,
}

/// An answer's text, measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnswerText {
    /// Agent that submitted it.
    pub agent: String,
    /// Path of the file below the run.
    pub file: String,
    /// Number of lines.
    pub lines: u64,
    /// Number of characters.
    pub chars: u64,
    /// Hashes of words, for comparison.
    pub shape: crate::similarity::Shape,
    /// Beginning of the text.
    pub opening: String,
}

/// The run of a subagent.
#[derive(Debug, Clone, Default)]
pub struct NestedRun {
    /// The subagent's id.
    pub id: String,
    /// Path of its attempt below the run.
    pub path: String,
    /// Its record.
    pub attempt: Box<Attempt>,
}

/// Content of `execution_metadata.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// The user's question.
    pub question: Option<String>,
    /// Start, naive local time as written.
    pub started: Option<String>,
    /// MassGen's version.
    pub version: Option<String>,
    /// Stage of an early failure.
    pub failure_stage: Option<String>,
    /// Error of an early failure.
    pub failure_error: Option<String>,
    /// Model of each agent, from the configuration.
    pub models: BTreeMap<String, String>,
    /// Backend type of each agent, from the configuration.
    pub backends: BTreeMap<String, String>,
    /// Lines that contain an API key in plain text.
    pub key_lines: Vec<u64>,
    /// Line of `failure_error`.
    pub failure_line: u64,
}

/// Content of `status.json`.
#[derive(Debug, Clone, Default)]
pub struct AttemptStatus {
    /// `completed`, `timeout`, `error`, `in_progress`, …
    pub finish_reason: String,
    /// The winner as recorded.
    pub winner: Option<String>,
    /// The question as recorded.
    pub question: Option<String>,
    /// Start, Unix milliseconds.
    pub start_ms: i64,
    /// Last update, Unix milliseconds.
    pub updated_ms: i64,
    /// Agents, by id.
    pub agents: BTreeMap<String, AgentStatus>,
    /// Lines of the members in the file.
    pub lines: MemberLines,
}

/// One agent in `status.json`.
#[derive(Debug, Clone, Default)]
pub struct AgentStatus {
    /// `waiting`, `voted`, `error`, …
    pub state: String,
    /// Error message.
    pub error: Option<String>,
    /// Number of restarts.
    pub restarts: u64,
    /// Forced retries by reason.
    pub enforcement: BTreeMap<String, Retries>,
    /// Characters of output that the retries discarded.
    pub chars_lost: u64,
}

/// Retries that the orchestrator forced for one reason.
#[derive(Debug, Clone, Default)]
pub struct Retries {
    /// Number of retries.
    pub count: u64,
    /// Characters of output that they discarded.
    pub chars_lost: u64,
    /// Number of retries by round, as MassGen counts rounds.
    pub rounds: BTreeMap<u64, u64>,
}

/// Recorded counters, cumulative over the turns and attempts of one process.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Agents, by id.
    pub agents: BTreeMap<String, AgentCounters>,
    /// Winner in `metrics_summary.json`.
    pub winner: Option<String>,
    /// Tool failures that MassGen counted.
    pub tool_failures: u64,
    /// Whether there are tool counters.
    pub has_tools: bool,
    /// Requests to model services.
    pub api_calls: u64,
    /// Total time of the requests.
    pub api_time_ms: f64,
    /// Mean time to first text; replies without text count as 0.
    pub avg_ttft_ms: f64,
    /// Cost of subagents.
    pub subagent_cost_usd: f64,
    /// Requests by round.
    pub api_by_round: Vec<ApiTiming>,
    /// Requests by backend.
    pub api_by_backend: Vec<ApiTiming>,
    /// Path of the counters' file below the attempt.
    pub file: String,
    /// Lines of the members in that file.
    pub lines: MemberLines,
}

/// Totals of requests to model services.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct ApiTiming {
    /// `round_0` and so on, or the `backend`.
    pub name: String,
    /// Number of requests.
    pub calls: u64,
    /// Total time of the requests.
    pub time_ms: f64,
    /// Sum of the times to first text; replies without text count as 0.
    pub ttft_ms: f64,
}

/// Line of each member of a JSON document, by path, e.g. `agents/agent_a/token_usage`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemberLines(pub std::collections::HashMap<String, u64>);

impl MemberLines {
    /// Returns the line of a member; 0 if it is unknown.
    pub fn line(&self, path: &str) -> u64 {
        self.0.get(path).copied().unwrap_or(0)
    }
}

/// Counters of one agent.
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
    /// Prompt tokens.
    pub input: u64,
    /// Reply tokens.
    pub output: u64,
    /// Cached part of the prompt.
    pub cached: u64,
    /// Reasoning part of the reply.
    pub reasoning: u64,
    /// US dollars, as MassGen estimated them; 0 if it knew no price.
    pub cost_usd: f64,
}

/// An element of `round_history`.
#[derive(Debug, Clone, Default)]
pub struct RecordedRound {
    /// Start, Unix milliseconds.
    pub start_ms: i64,
    /// End, Unix milliseconds.
    pub end_ms: i64,
    /// Line in the counters' file.
    pub line: u64,
    /// Wall time.
    pub duration_ms: f64,
    /// `initial_answer`, `voting`, `presentation`, …
    pub kind: String,
    /// `answer`, `vote`, `restarted`, …
    pub outcome: String,
    /// Tokens and cost.
    pub tokens: Tokens,
}

/// An event that only `coordination_events.json` has.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordination {
    /// Line in the file.
    pub line: u64,
    /// Time, Unix milliseconds.
    pub at_ms: i64,
    /// The agent that it concerns.
    pub agent: Option<String>,
    /// `vote_cast`, `vote_ignored`, `agent_timeout`, …
    pub kind: String,
    /// Details, as recorded.
    pub details: String,
    /// Votes: agent that is voted for. Answers: label.
    pub subject: Option<String>,
    /// Votes: label of the answer that is voted for.
    pub label: Option<String>,
    /// Votes: reason.
    pub reason: Option<String>,
}

/// Notes from a text log.
#[derive(Debug, Clone, Default)]
pub struct LogNotes {
    /// Name of the file below the attempt.
    pub file: String,
    /// Calls to tools that do not exist: name and line.
    pub unknown_tools: Vec<(String, u64)>,
    /// Line that states that there is no answer.
    pub no_answer: Option<u64>,
    /// Failed requests to model services: line and shortened message.
    pub api_errors: Vec<(u64, String)>,
    /// Number of failed requests, including those not in `api_errors`.
    pub api_error_count: u64,
    /// Votes that were discarded.
    pub ignored_votes: u64,
    /// Milliseconds between the first and the last line.
    pub span_ms: u64,
    /// Exceptions with a stack trace: line and shortened message.
    pub exceptions: Vec<(u64, String)>,
    /// Number of exceptions, including those not in `exceptions`.
    pub exception_count: u64,
    /// Number of lines of level `ERROR`.
    pub errors: u64,
    /// Number of lines of level `WARNING`.
    pub warnings: u64,
    /// Number of lines.
    pub lines: u64,
}

/// A subagent in the metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subagent {
    /// The subagent's id.
    pub id: String,
    /// Recorded status: the phase it was in.
    pub status: String,
    /// US dollars.
    pub cost_usd: f64,
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Reply tokens.
    pub output_tokens: u64,
    /// Requests to model services.
    pub api_calls: u64,
    /// Wall time.
    pub wall_ms: u64,
    /// Line in `metrics_summary.json`.
    pub line: u64,
}
