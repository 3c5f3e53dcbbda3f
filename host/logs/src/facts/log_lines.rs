//! Lines that a fact was read from.

use serde::Serialize;

/// Lines of a file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLines {
    /// Path below the run's directory.
    pub file: String,
    /// From 1; 0 for the file as a whole.
    pub line_start: u64,
    /// Inclusive.
    pub line_end: u64,
}

/// Lines that a figure of an attempt was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Field of the attempt, e.g. `wall_ms` or `agents/agent_a/input_tokens`.
    pub fact: String,
    /// Its lines.
    #[serde(flatten)]
    pub lines: LogLines,
}

impl LogLines {
    /// Lines of a file in an attempt's directory.
    pub(super) fn of(attempt: &str, file: &str, line_start: u64, line_end: u64) -> Self {
        Self { file: format!("{attempt}/{file}"), line_start, line_end }
    }
}
