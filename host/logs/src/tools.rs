//! Tools of a turn, one row each. Rows serialise as elements of `tools/1`.

pub use crate::facts::ToolRow;
use crate::run::Run;

/// Order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Most time first.
    Time,
    /// Most calls first.
    Calls,
    /// Most failures first.
    Failures,
}

/// Returns the tools of the last turn that was read, or of one of its attempts.
pub fn rows(run: &Run, attempt: Option<u32>, sort: Sort) -> Vec<ToolRow> {
    let attempts = run.turns.last().map(|turn| turn.attempts.as_slice()).unwrap_or_default();
    let logs = attempts
        .iter()
        .filter(|a| attempt.is_none_or(|number| a.number == number))
        .filter_map(|a| a.events.as_ref());
    let mut rows = crate::facts::rows(logs);
    rows.sort_by(|a, b| match sort {
        Sort::Time => b.total_ms.total_cmp(&a.total_ms),
        Sort::Calls => b.calls.cmp(&a.calls),
        Sort::Failures => b.failures.cmp(&a.failures),
    });
    rows
}
