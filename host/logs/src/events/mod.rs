//! Tool calls and agent activity from `events.jsonl`. Long texts are measured in passing and dropped, so memory
//! grows with the number of calls, not with the size of the file.

mod block;
mod join;
mod line;
mod names;
mod queue;
mod reading;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::HashMap;
use std::sync::Arc;

use crate::files::Checkpoint;

pub use block::Span;
pub(crate) use line::is_reader;
pub(crate) use reading::{FILE as EVENTS_FILE, read};
pub(crate) use texts::groups;

/// The content of one `events.jsonl`. Times are naive local time in microseconds; agents, tools, patterns and calls
/// are referred to by their index in the lists below.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Number of lines that hold an event.
    pub count: u64,
    /// Number of lines in the file.
    pub lines: u64,
    /// Start of the first line of each block, for seeking.
    pub checkpoints: Vec<Checkpoint>,
    /// First and last event of the file.
    pub span: Option<Span>,
    /// First and last event of each agent, by agent index.
    pub agent_spans: Vec<Span>,
    /// Agent ids.
    pub agents: Vec<Arc<str>>,
    /// Tool names.
    pub tools: Vec<Arc<str>>,
    /// Shell command patterns such as `npm install`; the first is empty.
    pub patterns: Vec<Arc<str>>,
    /// Every tool call, in the order of its first line.
    pub calls: Vec<Call>,
    /// Everything else that facts are measured from, in line order.
    pub moments: Vec<Moment>,
    /// Number of moments dropped beyond the limit.
    pub moments_left_out: u64,
    /// Number of subagents, background jobs and prompts dropped beyond the limit.
    pub side_records_left_out: u64,
    /// Failure messages by call index. Limited, so a huge file has failed calls without one.
    pub failure_words: HashMap<u32, Box<str>>,
    /// Subagents reported by tool results, each with the index of its call.
    pub spawned: Vec<(u32, SpawnedSubagent)>,
    /// Background jobs reported by tool results, each with the index of its call.
    pub jobs: Vec<(u32, JobReport)>,
    /// Hashes of the prompts passed to tools, each with the index of its call.
    pub prompts: Vec<(u32, u64)>,
    /// Indices of identical calls, the largest group first. Limited to 300 groups.
    pub repeated: Vec<Vec<u32>>,
    /// Truncated arguments of the repeated calls, by tool index and argument hash.
    pub repeated_args: HashMap<(u16, u64), String>,
}

/// A tool call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// Start, in microseconds. Without a recorded start: the end minus [`Call::elapsed_ms`].
    pub start_us: i64,
    /// End, in microseconds. Without a recorded end: the agent's last event.
    pub end_us: i64,
    /// Hash of the arguments, independent of key order.
    pub args_hash: u64,
    /// Byte offset of the start line in the file.
    pub start_at: u64,
    /// Start line, from 1; 0 if there is none.
    pub start_line: u32,
    /// End line, from 1; 0 if there is none.
    pub end_line: u32,
    /// Length of the result in characters.
    pub result_chars: u32,
    /// Duration recorded by MassGen, in milliseconds.
    pub elapsed_ms: f32,
    /// Index in [`Events::agents`], or [`NO_AGENT`].
    pub agent: u16,
    /// Index in [`Events::tools`].
    pub tool: u16,
    /// Index in [`Events::patterns`]; 0 if the call runs no command.
    pub pattern: u16,
    /// Properties of the call.
    pub flags: CallFlags,
}

/// Agent index of a call or moment without an agent.
pub const NO_AGENT: u16 = u16::MAX;

bitflags::bitflags! {
    /// Properties of a call, packed because a run can hold millions of calls.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct CallFlags: u8 {
        /// The end was logged.
        const ENDED = 1;
        /// The result shows a failure, or MassGen recorded one.
        const FAILED = 1 << 1;
        /// MassGen recorded a failure.
        const RECORDED_FAILURE = 1 << 2;
        /// The call continues in the background.
        const BACKGROUND = 1 << 3;
    }
}

impl Call {
    /// Returns whether the end was logged.
    pub fn ended(&self) -> bool {
        self.flags.contains(CallFlags::ENDED)
    }

    /// Returns whether the result shows a failure or MassGen recorded one.
    pub fn failed(&self) -> bool {
        self.flags.contains(CallFlags::FAILED)
    }

    /// Returns whether MassGen recorded a failure.
    pub fn recorded_failure(&self) -> bool {
        self.flags.contains(CallFlags::RECORDED_FAILURE)
    }

    /// Returns whether the call continues in the background.
    pub fn background(&self) -> bool {
        self.flags.contains(CallFlags::BACKGROUND)
    }

    /// Returns the most informative line: the end, or the start of an unfinished call.
    pub fn line(&self) -> u64 {
        u64::from(if self.end_line > 0 { self.end_line } else { self.start_line })
    }
}

/// An event other than a tool call.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Time in microseconds.
    pub at_us: i64,
    /// Line, from 1.
    pub line: u32,
    /// Index in [`Events::agents`], or [`NO_AGENT`].
    pub agent: u16,
    /// The event.
    pub kind: MomentKind,
}

/// The events that facts are measured from, with the details used.
#[derive(Debug, Clone, PartialEq)]
pub enum MomentKind {
    /// The start of a round.
    RoundStart,
    /// A round is cut off and restarted, with the reason.
    Restart(Box<str>),
    /// A submitted answer.
    Answer(Box<AnswerText>),
    /// A vote.
    Vote(Box<VoteText>),
    /// The winner starts its presentation; true after a tied vote.
    PresentationStart(bool),
    /// The final answer.
    FinalAnswer(Box<FinalText>),
    /// The orchestrator timed out: the reason, and the agent selected to present.
    Timeout(Box<(String, Option<String>)>),
    /// The attempt is restarted, with the reason.
    AttemptRestart(Box<str>),
    /// An error or a forced retry: a message that starts with a cross, truncated.
    Trouble(Box<str>),
    /// The name of an event shown on timelines only.
    Mark(&'static str),
    /// Text, thinking or tool calls, from [`Moment::at_us`] to this time in microseconds.
    Activity(i64),
}

/// An answer as recorded in its event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnswerText {
    /// Label such as `agent1.2`.
    pub label: Arc<str>,
    /// Length in characters; MassGen truncates answers to 500.
    pub chars: u64,
    /// The recorded text.
    pub text: Arc<str>,
}

/// A vote as recorded in its event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VoteText {
    /// Id of the agent voted for.
    pub target: Arc<str>,
    /// The voter's reason, truncated.
    pub reason: Arc<str>,
}

/// A final answer as recorded in its event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FinalText {
    /// Length in characters.
    pub chars: u64,
    /// Why the text is not an answer: empty, or an error message.
    pub failure: Option<String>,
}

/// A subagent in the result of the call that started it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpawnedSubagent {
    /// Subagent id.
    pub id: String,
    /// Reported status: `completed`, `error`, `timeout`, …
    pub status: String,
    /// Reported as successful.
    pub success: bool,
    /// Reported as successful although it never reached a model or its answer is an error message.
    pub hollow: bool,
    /// Duration in milliseconds.
    pub wall_ms: u64,
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Reply tokens.
    pub output_tokens: u64,
    /// Cost in US dollars, as estimated by MassGen.
    pub cost_usd: f64,
    /// Error message.
    pub error: Option<String>,
    /// Recorded workspace path.
    pub workspace: String,
}

/// The state of a background job, as reported by one tool result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobReport {
    /// Job id, `bgtool_…`.
    pub id: String,
    /// Tool that runs in the background.
    pub tool: String,
    /// `running`, `completed`, `cancelled`, …
    pub status: String,
    /// Start, in microseconds.
    pub started_us: Option<i64>,
    /// End, in microseconds.
    pub completed_us: Option<i64>,
}

impl Events {
    /// Returns the index of an agent, or `None` if no event names it.
    pub fn agent_index(&self, id: &str) -> Option<u16> {
        self.agents.iter().position(|agent| **agent == *id).and_then(|at| u16::try_from(at).ok())
    }

    /// Returns the id of the agent at `index`.
    pub fn agent(&self, index: u16) -> Option<&str> {
        self.agents.get(usize::from(index)).map(|id| &**id)
    }

    /// Returns the id of the agent at `index` as a shared string; empty for [`NO_AGENT`].
    pub fn agent_name(&self, index: u16) -> Arc<str> {
        self.agents.get(usize::from(index)).cloned().unwrap_or_else(|| "".into())
    }

    /// Returns the name of the called tool.
    pub fn tool(&self, call: &Call) -> &str {
        self.tools.get(usize::from(call.tool)).map_or("", |name| &**name)
    }

    /// Returns the command pattern of a call; empty if the call runs no command.
    pub fn pattern(&self, call: &Call) -> &str {
        self.patterns.get(usize::from(call.pattern)).map_or("", |name| &**name)
    }

    /// Returns the calls of all tools whose name satisfies `matches`.
    pub fn calls_of(&self, matches: impl Fn(&str) -> bool) -> impl Iterator<Item = &Call> {
        let matching: Vec<bool> = self.tools.iter().map(|tool| matches(tool)).collect();
        self.calls.iter().filter(move |call| matching.get(usize::from(call.tool)) == Some(&true))
    }
}
