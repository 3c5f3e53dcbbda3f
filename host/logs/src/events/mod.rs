//! What `events.jsonl` tells, compactly: every tool call, and every moment that changes what an agent is
//! doing. Long texts are measured while they stream by and not kept, so that memory follows the number of
//! calls, never the size of the file.

mod join;
mod line;
mod names;
mod part;
mod queue;
mod reading;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::HashMap;
use std::sync::Arc;

use crate::files::Checkpoint;

pub(crate) use line::is_reader;
pub use part::Span;
pub(crate) use reading::{FILE as EVENTS_FILE, read};
pub(crate) use texts::groups;

/// Everything that was read of one `events.jsonl`.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Lines that hold an event.
    pub count: u64,
    /// Lines of the file.
    pub lines: u64,
    /// Where lines begin, one in each stretch that was read.
    pub checkpoints: Vec<Checkpoint>,
    /// First and last event of all.
    pub span: Option<Span>,
    /// First and last event of each agent, by its place.
    pub agent_spans: Vec<Span>,
    /// Ids of agents; calls and moments name them by their place here.
    pub agents: Vec<Arc<str>>,
    /// Names of tools; calls name them by their place here.
    pub tools: Vec<Arc<str>>,
    /// Patterns of shell commands, `npm install`; the first is empty.
    pub patterns: Vec<Arc<str>>,
    /// Every tool call, in the order of its first line.
    pub calls: Vec<Call>,
    /// Everything else that matters, by line.
    pub moments: Vec<Moment>,
    /// Moments beyond what is kept.
    pub moments_left_out: u64,
    /// Subagents, background jobs and prompts beyond what is kept.
    pub asides_left_out: u64,
    /// How calls failed, in a few words, by their place in `calls`; not of every failure in a huge file.
    pub failure_words: HashMap<u32, Box<str>>,
    /// Subagents that a result names, by the call's place in `calls`.
    pub spawned: Vec<(u32, SpawnedSubagent)>,
    /// Background jobs that results tell of.
    pub jobs: Vec<(u32, Job)>,
    /// Texts of prompts that were given to tools: the call's place and the text's hash.
    pub prompts: Vec<(u32, u64)>,
    /// Calls that were made more than once, by their places, the most frequent first; of a huge file not all.
    pub repeated: Vec<Vec<u32>>,
    /// Arguments of these, cut, by tool and hash.
    pub repeated_args: HashMap<(u16, u64), String>,
}

/// One tool call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// When it began, or where only its end is known, when that was less the recorded time.
    pub start_us: i64,
    /// When it ended; of an unfinished call, when it began.
    pub end_us: i64,
    /// Hash of tool arguments with sorted keys.
    pub args_hash: u64,
    /// Byte at which the line of its start begins.
    pub start_at: u64,
    /// Line of its start; 0 where there is none.
    pub start_line: u32,
    /// Line of its end; 0 where there is none.
    pub end_line: u32,
    /// Characters of its result.
    pub result_chars: u32,
    /// The time that MassGen recorded, in milliseconds.
    pub elapsed_ms: f32,
    /// Whose it is, in [`Events::agents`]; [`NOBODY`] if it names no agent.
    pub agent: u16,
    /// Place in [`Events::tools`].
    pub tool: u16,
    /// Place in [`Events::patterns`]; 0 if it runs no command.
    pub pattern: u16,
    /// What is known of it.
    pub flags: u8,
}

/// Stands for "no agent" in a call or moment.
pub const NOBODY: u16 = u16::MAX;

/// Bits of [`Call::flags`].
pub mod flag {
    /// Its end was logged.
    pub const ENDED: u8 = 1;
    /// Its result shows a failure.
    pub const FAILED: u8 = 2;
    /// MassGen recorded a failure.
    pub const RECORDED_FAILURE: u8 = 4;
    /// It goes on in the background.
    pub const BACKGROUND: u8 = 8;
    /// Its result tells of a subagent that claims success and has nothing to show for it.
    pub const HOLLOW: u8 = 16;
}

impl Call {
    /// Its end was logged.
    pub fn ended(&self) -> bool {
        self.flags & flag::ENDED != 0
    }

    /// Its result shows a failure, or MassGen recorded one.
    pub fn failed(&self) -> bool {
        self.flags & flag::FAILED != 0
    }

    /// MassGen recorded a failure.
    pub fn recorded_failure(&self) -> bool {
        self.flags & flag::RECORDED_FAILURE != 0
    }

    /// It goes on in the background.
    pub fn background(&self) -> bool {
        self.flags & flag::BACKGROUND != 0
    }

    /// The line that shows most of it: its end, or else its start.
    pub fn line(&self) -> u64 {
        u64::from(if self.end_line > 0 { self.end_line } else { self.start_line })
    }
}

/// A point in time at which something changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// When.
    pub at_us: i64,
    /// Line, from 1.
    pub line: u32,
    /// Who it is about, in [`Events::agents`].
    pub agent: u16,
    /// What happened.
    pub kind: MomentKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum MomentKind {
    /// A round begins.
    RoundStart,
    /// A round is cut off and begins again: why.
    Restart(Box<str>),
    /// An answer was handed in.
    Answer(Box<AnswerText>),
    /// A vote was cast.
    Vote(Box<VoteText>),
    /// The winner begins to present; the votes were equal or not.
    PresentationStart(bool),
    /// The final answer.
    FinalAnswer(Box<FinalText>),
    /// The orchestrator ran out of time: why, and who presents all the same.
    Timeout(Box<(String, Option<String>)>),
    /// The whole attempt begins again: why.
    AttemptRestart(Box<str>),
    /// A message that starts with a cross: an error or a forced retry, cut.
    Trouble(Box<str>),
    /// Something that is worth a mark: the event's name.
    Mark(&'static str),
    /// Text, thinking, tool calls: activity without a meaning of its own, until then.
    Activity(i64),
}

/// An answer as its event holds it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnswerText {
    /// `agent1.2`.
    pub label: Arc<str>,
    /// Characters that the event holds; MassGen cuts them at 500.
    pub chars: u64,
    /// What the event holds.
    pub text: Arc<str>,
}

/// A vote as its event holds it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VoteText {
    /// Agent that is voted for.
    pub target: Arc<str>,
    /// Why, cut.
    pub reason: Arc<str>,
}

/// A final answer as its event holds it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FinalText {
    /// Characters.
    pub chars: u64,
    /// How the text shows that it is no answer, if it does.
    pub failure: Option<String>,
}

/// A subagent in the result of a call that starts them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpawnedSubagent {
    /// Its id.
    pub id: String,
    /// `completed`, `error`, `timeout`, … as the result says.
    pub status: String,
    /// The result says that it succeeded.
    pub success: bool,
    /// It says so, and never reached a model or gave an error as its answer.
    pub hollow: bool,
    /// Seconds that it took.
    pub wall_ms: u64,
    /// Tokens and cost.
    pub input_tokens: u64,
    /// Reply tokens.
    pub output_tokens: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// Its workspace as recorded.
    pub workspace: String,
}

/// A background job in a tool's result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Job {
    /// `bgtool_…`.
    pub id: String,
    /// What it runs.
    pub tool: String,
    /// `running`, `completed`, `cancelled`, …
    pub status: String,
    /// When it began, naive local microseconds.
    pub started_us: Option<i64>,
    /// When it ended.
    pub completed_us: Option<i64>,
}

impl Events {
    /// An agent's place, if it is named anywhere.
    pub fn agent_index(&self, id: &str) -> Option<u16> {
        self.agents.iter().position(|agent| **agent == *id).and_then(|at| u16::try_from(at).ok())
    }

    /// The id of the agent at a place.
    pub fn agent(&self, index: u16) -> Option<&str> {
        self.agents.get(usize::from(index)).map(|id| &**id)
    }

    /// The same, shared; empty for nobody.
    pub fn agent_name(&self, index: u16) -> Arc<str> {
        self.agents.get(usize::from(index)).cloned().unwrap_or_else(|| "".into())
    }

    /// The name of a call's tool.
    pub fn tool(&self, call: &Call) -> &str {
        self.tools.get(usize::from(call.tool)).map_or("", |name| &**name)
    }

    /// The command pattern of a call; empty if it runs none.
    pub fn pattern(&self, call: &Call) -> &str {
        self.patterns.get(usize::from(call.pattern)).map_or("", |name| &**name)
    }

    /// Calls of the tools whose name fits.
    pub fn calls_of(&self, fits: impl Fn(&str) -> bool) -> impl Iterator<Item = &Call> {
        let fitting: Vec<bool> = self.tools.iter().map(|tool| fits(tool)).collect();
        self.calls.iter().filter(move |call| fitting.get(usize::from(call.tool)) == Some(&true))
    }
}
