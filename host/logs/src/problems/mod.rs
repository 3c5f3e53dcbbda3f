//! Rules that turn facts into problems, each with evidence at the cited lines. A rule claims only what the files
//! show.

mod agents;
mod answers;
mod ending;
mod kinds;
mod quote;
mod record;
mod words;
mod work;

use serde::{Deserialize, Serialize};

pub use kinds::{Definition, ProblemKind};
pub use quote::quote;

use crate::events::{Call, EVENTS_FILE, Events, Moment};
use crate::facts::{AttemptFacts, Facts};
use crate::run::{Attempt, Run};

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The run missed its purpose, or a secret is exposed.
    High,
    /// Work, time or money was lost.
    Medium,
    /// A minor flaw.
    Low,
    /// No flaw: an explanation of the figures.
    Info,
}

impl Severity {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// Lines of a log that support a problem or a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Path below the run's directory.
    pub file: String,
    /// From 1; 0 for the file as a whole.
    pub line_start: u64,
    /// Inclusive.
    pub line_end: u64,
    /// Text of these lines, shortened, with secrets redacted.
    pub quote: String,
}

/// A detected problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable word for the rule, e.g. `hidden_tool_failures`; `massgen logs problems` lists all.
    pub kind: ProblemKind,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence with the figures.
    pub title: String,
    /// What to do about it.
    pub advice: &'static str,
    /// Number of the attempt.
    pub attempt: u32,
    /// Lines that show it.
    pub evidence: Vec<Evidence>,
}

/// Applies every rule to the last turn that was read. Problems come by severity, highest first; [`quote()`] fills in
/// the quotes.
pub fn detect(run: &Run, facts: &Facts) -> Vec<Problem> {
    let Some(turn) = run.turns.last() else { return Vec::new() };
    let mut found = Vec::new();
    for (attempt, facts) in turn.attempts.iter().zip(&facts.attempts) {
        let mut case = Case { attempt, facts, found: &mut found };
        ending::detect(&mut case);
        agents::detect(&mut case);
        work::detect(&mut case);
        answers::detect(&mut case);
        record::detect(&mut case);
    }
    found.sort_by_key(|problem| problem.severity);
    found
}

/// An attempt that the rules are applied to.
struct Case<'a> {
    attempt: &'a Attempt,
    facts: &'a AttemptFacts,
    found: &'a mut Vec<Problem>,
}

/// Pieces of evidence kept for each problem; the title has the full count.
const EVIDENCE_MAX: usize = 10;

impl Case<'_> {
    fn report(&mut self, kind: ProblemKind, title: String, evidence: Vec<Evidence>) {
        self.report_as(kind, kind.definition().severity, title, evidence);
    }

    /// Reports a problem whose severity depends on its figures.
    fn report_as(
        &mut self,
        kind: ProblemKind,
        severity: Severity,
        title: String,
        evidence: Vec<Evidence>,
    ) {
        let evidence = evidence.into_iter().take(EVIDENCE_MAX).collect();
        self.found.push(Problem {
            kind,
            severity,
            title,
            advice: kind.definition().advice,
            attempt: self.attempt.number,
            evidence,
        });
    }

    /// Evidence on lines of `events.jsonl`. Line 0 means that there is none.
    fn lines(&self, lines: &[u64], needle: &str) -> Vec<Evidence> {
        lines.iter().filter(|line| **line > 0).map(|line| self.event(*line, needle)).collect()
    }

    /// Evidence in a file of the attempt. The quote of a long line begins at `needle`.
    fn at(&self, file: &str, line: u64, needle: &str) -> Evidence {
        Evidence {
            file: format!("{}/{file}", self.attempt.path),
            line_start: line,
            line_end: line,
            quote: needle.to_string(),
        }
    }

    fn event(&self, line: u64, needle: &str) -> Evidence {
        self.at(EVENTS_FILE, line, needle)
    }

    /// A call's result, or its start if it has none.
    fn call(&self, call: &Call) -> Evidence {
        let needle = if call.end_line > 0 { "\"result\"" } else { "\"tool_name\"" };
        self.event(call.line(), needle)
    }

    fn events(&self) -> Option<&Events> {
        self.attempt.events.as_ref()
    }

    fn moments(&self) -> impl DoubleEndedIterator<Item = &Moment> {
        self.attempt.events.iter().flat_map(|events| &events.moments)
    }

    fn calls(&self) -> impl Iterator<Item = &Call> {
        self.attempt.events.iter().flat_map(|events| &events.calls)
    }

    fn metadata(&self, line: u64) -> Evidence {
        self.at("execution_metadata.yaml", line, "")
    }
}
