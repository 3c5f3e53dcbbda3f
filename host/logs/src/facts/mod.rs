//! Measured facts of a turn: what MassGen recorded, and beside it what is true. Deterministic; a figure
//! that can't be had is `null`, never 0.

mod agents;
mod attempt;
mod checklist;
mod critical_path;
mod gaps;
mod interval;
mod outcome;
mod phases;
mod place;
mod segments;
mod sources;
mod spend;
mod talk;
mod tool_counts;
mod work;

use std::sync::Arc;

use serde::Serialize;

pub use agents::{AgentFacts, Segment};
pub use attempt::AttemptFacts;
pub use checklist::{Checklist, ChecklistShare};
pub use critical_path::Leg;
pub use gaps::Gap;
pub use interval::union_ms;
pub use outcome::Outcome;
pub use phases::Phase;
pub use place::{Place, Source};
pub use spend::{ApiFacts, NestedFacts, SegmentSpend, SubagentFacts};
pub use talk::{Alike, Answer, ChangedVote, Enforcement, Restart, TimedOut, Vote, VoteSummary};
pub use tool_counts::ToolCounts;
pub use work::{
    AcrossAttempts, BackgroundJob, CommandPattern, Duplicate, RepeatedFailure, ServerRow, ToolRow,
};

pub(crate) use work::rows;

use crate::diagnostic::Diagnostic;
use crate::problems::Problem;
use crate::redact::Redactor;
use crate::run::Run;

/// Everything measured of one turn. Serialises as `facts/1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    /// `facts/1`.
    pub schema: &'static str,
    /// The run's directory name.
    pub run: String,
    /// The turn that is measured; 0 if the run has none.
    pub turn: u32,
    /// All turns of the run.
    pub turns: Vec<u32>,
    /// The user's question.
    pub question: Option<String>,
    /// MassGen's version.
    pub version: Option<String>,
    /// Start, naive local time of the machine that ran it.
    pub started: Option<String>,
    /// Wall time of all attempts, in milliseconds.
    pub wall_ms: u64,
    /// By number.
    pub attempts: Vec<AttemptFacts>,
    /// Work that an attempt did again although an earlier one had done it.
    pub duplicates_across_attempts: Vec<AcrossAttempts>,
    /// Detected problems, gravest first.
    pub problems: Vec<Problem>,
    /// What could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// Measures the last turn that was read.
pub fn measure(run: &Run) -> Facts {
    let mut facts = Facts {
        schema: "facts/1",
        run: run.name.clone(),
        turn: run.turns.last().map_or(0, |turn| turn.number),
        turns: run.turn_numbers.clone(),
        question: None,
        version: None,
        started: None,
        wall_ms: 0,
        attempts: Vec::new(),
        duplicates_across_attempts: Vec::new(),
        problems: Vec::new(),
        diagnostics: Vec::new(),
    };
    let Some(turn) = run.turns.last() else { return facts };
    let earlier: Vec<_> =
        run.turns[..run.turns.len() - 1].iter().flat_map(|turn| &turn.attempts).collect();
    for (index, attempt) in turn.attempts.iter().enumerate() {
        let before: Vec<_> = earlier.iter().copied().chain(&turn.attempts[..index]).collect();
        let is_last = index + 1 == turn.attempts.len();
        facts.attempts.push(attempt::measure(attempt, &before, is_last));
    }
    facts.duplicates_across_attempts = work::across_attempts(&turn.attempts);
    let metadata = turn.attempts.iter().map(|attempt| &attempt.metadata);
    let status = turn.attempts.iter().filter_map(|attempt| attempt.status.as_ref());
    facts.question = metadata
        .clone()
        .find_map(|m| m.question.clone())
        .or_else(|| status.clone().find_map(|s| s.question.clone()));
    facts.version = metadata.clone().find_map(|m| m.version.clone());
    facts.started = metadata.clone().find_map(|m| m.started.clone());
    facts.wall_ms = facts.attempts.iter().map(|attempt| attempt.wall_ms).sum();
    facts
}

impl Facts {
    /// The attempt that decided the turn.
    pub fn last_attempt(&self) -> Option<&AttemptFacts> {
        self.attempts.last()
    }

    /// Takes secrets out of texts that came from the logs.
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
