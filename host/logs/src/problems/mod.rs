//! Rules that turn facts into detected problems, each with evidence that a reader finds at the cited
//! lines. A rule speaks only of what the files show.

mod agents;
mod answers;
mod ending;
mod quote;
mod record;
mod work;

use serde::{Deserialize, Serialize};

pub use quote::quote;

use crate::events::{Call, Events, Moment};
use crate::facts::{AttemptFacts, Facts};
use crate::run::{Attempt, Run};

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The run did not give what it was for, or a secret lies open.
    High,
    /// Work, time or money was lost.
    Medium,
    /// A flaw worth knowing.
    Low,
    /// Nothing wrong: what explains the figures.
    Info,
}

impl Severity {
    /// The word that the JSON has.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// Where something stands in the logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Path below the run's directory.
    pub file: String,
    /// From 1; 0 where the file as a whole is meant.
    pub line_start: u64,
    /// Inclusive.
    pub line_end: u64,
    /// What stands there, verbatim but for secrets, cut.
    pub quote: String,
}

/// A detected problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable word for the rule, e.g. `hidden_tool_failures`.
    pub kind: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence with the figures.
    pub title: String,
    /// What to do about it.
    pub advice: &'static str,
    /// The attempt it is about.
    pub attempt: u32,
    /// Where it shows.
    pub evidence: Vec<Evidence>,
}

/// Applies every rule to the last turn that was read; gravest first. Quotes are filled in by [`quote()`].
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

/// One attempt before the rules.
struct Case<'a> {
    attempt: &'a Attempt,
    facts: &'a AttemptFacts,
    found: &'a mut Vec<Problem>,
}

/// Evidence of one problem that is kept; the title tells how many there are.
const EVIDENCE_MAX: usize = 10;

impl Case<'_> {
    fn report(
        &mut self,
        kind: &'static str,
        severity: Severity,
        title: String,
        advice: &'static str,
        evidence: Vec<Evidence>,
    ) {
        let evidence = evidence.into_iter().take(EVIDENCE_MAX).collect();
        self.found.push(Problem {
            kind,
            severity,
            title,
            advice,
            attempt: self.attempt.number,
            evidence,
        });
    }

    /// Places on lines of `events.jsonl`.
    fn lines(&self, lines: &[u64], needle: &str) -> Vec<Evidence> {
        lines.iter().filter(|line| **line > 0).map(|line| self.event(*line, needle)).collect()
    }

    /// A place in a file of the attempt. `needle` is what the quote begins with, if the line is long.
    fn at(&self, file: &str, line: u64, needle: &str) -> Evidence {
        Evidence {
            file: format!("{}/{file}", self.attempt.path),
            line_start: line,
            line_end: line,
            quote: needle.to_string(),
        }
    }

    fn event(&self, line: u64, needle: &str) -> Evidence {
        self.at("events.jsonl", line, needle)
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
