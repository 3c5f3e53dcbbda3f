//! Measured facts of a turn, next to the figures that MassGen recorded. Deterministic; an unknown figure is `null`,
//! never 0.

mod agents;
mod attempt;
mod checklist;
mod critical_path;
mod gaps;
mod interval;
mod log_lines;
mod outcome;
mod phases;
mod rounds;
mod sources;
mod spend;
mod talk;
mod tool_counts;
mod work;

use std::sync::Arc;

use serde::Serialize;

pub use agents::{AgentFacts, RoundFacts};
pub use attempt::AttemptFacts;
pub use checklist::{Checklist, ChecklistShare};
pub use critical_path::Leg;
pub use gaps::Gap;
pub use interval::union_ms;
pub use log_lines::{LogLines, Source};
pub use outcome::Outcome;
pub use phases::Phase;
pub use spend::{ApiFacts, NestedFacts, RoundSpend, SubagentFacts};
pub use talk::{Alike, Answer, ChangedVote, Enforcement, Restart, TimedOut, Vote, VoteSummary};
pub use tool_counts::ToolCounts;
pub use work::{
    AcrossAttempts, BackgroundJob, CommandPattern, Duplicate, RepeatedFailure, ServerRow, ToolRow,
};

pub(crate) use work::rows;

use crate::diagnostic::Diagnostic;
use crate::problems::Problem;
use crate::redact::Redactor;
use crate::run::{Run, Turn};

/// Facts of one turn. Serialises as `facts/1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// `facts/1`.
    pub schema: &'static str,
    /// The run's directory name.
    pub run: String,
    /// Number of the measured turn; 0 if the run has none.
    pub turn: u32,
    /// Numbers of all turns of the run.
    pub turns: Vec<u32>,
    /// The user's question.
    pub question: Option<String>,
    /// MassGen's version.
    pub version: Option<String>,
    /// Start, naive local time of the machine that ran it.
    pub started: Option<String>,
    /// Wall time of all attempts, in milliseconds.
    pub wall_ms: u64,
    /// Attempts, by number.
    pub attempts: Vec<AttemptFacts>,
    /// Calls made in more than one attempt with the same arguments.
    pub duplicates_across_attempts: Vec<AcrossAttempts>,
    /// Detected problems, highest severity first.
    pub problems: Vec<Problem>,
    /// Unreadable parts of the run.
    pub diagnostics: Vec<Diagnostic>,
}

/// Measures the last turn that was read. Problems and diagnostics are left empty.
pub fn measure(run: &Run) -> Facts {
    let no_turn = Turn::default();
    let (turn, earlier) = match run.turns.split_last() {
        Some((turn, earlier)) => (turn, earlier),
        None => (&no_turn, &[][..]),
    };
    let earlier: Vec<_> = earlier.iter().flat_map(|turn| &turn.attempts).collect();
    let measured = turn.attempts.iter().enumerate().map(|(index, attempt)| {
        let before: Vec<_> = earlier.iter().copied().chain(&turn.attempts[..index]).collect();
        attempt::measure(attempt, &before, index + 1 == turn.attempts.len())
    });
    let attempts: Vec<AttemptFacts> = measured.collect();
    let metadata = || turn.attempts.iter().map(|attempt| &attempt.metadata);
    let mut statuses = turn.attempts.iter().filter_map(|attempt| attempt.status.as_ref());
    Facts {
        schema: "facts/1",
        run: run.name.clone(),
        turn: turn.number,
        turns: run.turn_numbers.clone(),
        question: metadata()
            .find_map(|metadata| metadata.question.clone())
            .or_else(|| statuses.find_map(|status| status.question.clone())),
        version: metadata().find_map(|metadata| metadata.version.clone()),
        started: metadata().find_map(|metadata| metadata.started.clone()),
        wall_ms: attempts.iter().map(|attempt| attempt.wall_ms).sum(),
        attempts,
        duplicates_across_attempts: work::across_attempts(&turn.attempts),
        problems: Vec::new(),
        diagnostics: Vec::new(),
    }
}

impl Facts {
    /// The attempt that determined the turn's result.
    pub fn last_attempt(&self) -> Option<&AttemptFacts> {
        self.attempts.last()
    }

    /// Redacts secrets in texts from the logs.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        let clean = |text: &mut String| {
            if let std::borrow::Cow::Owned(redacted) = redactor.line(text) {
                *text = redacted;
            }
        };
        let clean_shared = |text: &mut Arc<str>| {
            if let std::borrow::Cow::Owned(redacted) = redactor.line(text) {
                *text = redacted.into();
            }
        };
        self.question.iter_mut().for_each(clean);
        for attempt in &mut self.attempts {
            attempt.duplicates.iter_mut().for_each(|duplicate| duplicate.redact(redactor));
            attempt.duplicate_prompts.iter_mut().for_each(|duplicate| duplicate.redact(redactor));
            attempt.repeated_failures.iter_mut().for_each(|failure| failure.redact(redactor));
            attempt.failure_streaks.iter_mut().for_each(|failure| failure.redact(redactor));
            attempt.votes.iter_mut().for_each(|vote| clean_shared(&mut vote.reason));
            attempt.answers.iter_mut().for_each(|answer| clean_shared(&mut answer.opening));
            attempt.commands.iter_mut().for_each(|command| clean(&mut command.pattern));
            attempt.timeouts.iter_mut().for_each(|timeout| clean(&mut timeout.reason));
            attempt.restart_list.iter_mut().for_each(|restart| clean(&mut restart.reason));
            attempt.subagent_runs.iter_mut().filter_map(|s| s.error.as_mut()).for_each(clean);
            attempt.agents.iter_mut().filter_map(|agent| agent.error.as_mut()).for_each(clean);
        }
        for problem in &mut self.problems {
            clean(&mut problem.title);
        }
        for diagnostic in &mut self.diagnostics {
            clean(&mut diagnostic.message);
        }
    }
}
