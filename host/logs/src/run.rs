//! A run as it was recorded: compact records with the place that each came from. Texts that can be long
//! (answers, tool results) are measured while they stream by and not kept.

use crate::diagnostic::Diagnostic;
use crate::events::Events;
use std::collections::BTreeMap;

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
    pub events: Option<Events>,
    /// What `coordination_events.json` adds.
    pub coordination: Vec<Coordination>,
    /// What `massgen.log` or `massgen_debug.log` adds.
    pub log: LogNotes,
    /// Agents with a final answer in `final/`.
    pub final_answers: Vec<String>,
    /// Subagents that the metrics list.
    pub subagents: Vec<Subagent>,
    /// Texts of answers, in the order in which they were handed in.
    pub answer_texts: Vec<AnswerText>,
    /// Runs of subagents whose logs are within reach.
    pub nested: Vec<NestedRun>,
    /// What lies in the directory and is no record.
    pub ballast: Ballast,
}

/// What MassGen leaves beside its records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ballast {
    /// Copies of repositories in snapshots of workspaces.
    pub repositories: u64,
    /// Links that lead out of the run.
    pub links_out: u64,
}

/// An answer's text, measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnswerText {
    /// Whose it is.
    pub agent: String,
    /// File below the run.
    pub file: String,
    /// Lines of the file.
    pub lines: u64,
    /// Characters.
    pub chars: u64,
    /// What the text is made of, for comparing.
    pub shape: crate::similarity::Shape,
    /// The beginning of the text.
    pub opening: String,
}

/// The run of a subagent.
#[derive(Debug, Clone, Default)]
pub struct NestedRun {
    /// The subagent's id.
    pub id: String,
    /// Path of its attempt below the run.
    pub path: String,
    /// What it left.
    pub attempt: Box<Attempt>,
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
    /// Type of each agent's backend, from the configuration.
    pub backends: BTreeMap<String, String>,
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
    /// Lines of what is in the file.
    pub places: Places,
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
    pub enforcement: BTreeMap<String, Retries>,
    /// Characters of output that those retries threw away.
    pub chars_lost: u64,
}

/// Retries that the orchestrator forced for one reason.
#[derive(Debug, Clone, Default)]
pub struct Retries {
    /// How often.
    pub count: u64,
    /// Characters of output that they threw away.
    pub chars_lost: u64,
    /// How many in which round, as MassGen counts rounds.
    pub rounds: BTreeMap<u64, u64>,
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
    /// Calls to services by round and by backend, as recorded.
    pub api_by_round: Vec<ApiTiming>,
    /// The same by backend.
    pub api_by_backend: Vec<ApiTiming>,
    /// File that the counters come from, below the attempt.
    pub file: String,
    /// Lines of what is in that file.
    pub places: Places,
}

/// Calls to services.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct ApiTiming {
    /// `round_0`, or the `backend`.
    pub name: String,
    /// How many.
    pub calls: u64,
    /// Their time.
    pub time_ms: f64,
    /// Sum of the times to the first text; replies without text count 0.
    pub ttft_ms: f64,
}

/// Where the members of a JSON document stand: line by path, `agents/agent_a/token_usage`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places(pub std::collections::HashMap<String, u64>);

impl Places {
    /// The line of a member; 0 if it is not known.
    pub fn line(&self, path: &str) -> u64 {
        self.0.get(path).copied().unwrap_or(0)
    }
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
    /// Unix milliseconds.
    pub end_ms: i64,
    /// Line in the file of the counters.
    pub line: u64,
    /// Wall time of the round.
    pub duration_ms: f64,
    /// `initial_answer`, `voting`, `presentation`, …
    pub kind: String,
    /// `answer`, `vote`, `restarted`, …
    pub outcome: String,
    /// Tokens and cost.
    pub tokens: Tokens,
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
    /// Votes: the label of the answer that is voted for.
    pub label: Option<String>,
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
    /// Milliseconds between first and last line.
    pub span_ms: u64,
    /// Exceptions that were printed with their stack: line and last words, cut.
    pub exceptions: Vec<(u64, String)>,
    /// All of them, also those beyond the kept ones.
    pub exception_count: u64,
    /// Lines of the level `ERROR`.
    pub errors: u64,
    /// Lines of the level `WARNING`.
    pub warnings: u64,
    /// First line.
    pub lines: u64,
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
    /// Reply tokens.
    pub output_tokens: u64,
    /// Calls to the service.
    pub api_calls: u64,
    /// Time that it took.
    pub wall_ms: u64,
    /// Line in `metrics_summary.json`.
    pub line: u64,
}
