//! Where a fact comes from.

use serde::Serialize;

/// Lines of a file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Path below the run's directory.
    pub file: String,
    /// From 1; 0 where the file as a whole is meant.
    pub line_start: u64,
    /// Inclusive.
    pub line_end: u64,
}

/// What a figure of an attempt was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The field, e.g. `wall_ms` or `agents/agent_a/input_tokens`.
    pub fact: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

impl Place {
    /// A place in a file of an attempt.
    pub(super) fn of(attempt: &str, file: &str, line_start: u64, line_end: u64) -> Self {
        Self { file: format!("{attempt}/{file}"), line_start, line_end }
    }
}
