//! Runs for other programs: rows for databases, spans for tracing systems.

mod columns;
mod otlp;
mod parquet;
mod rows;

pub use otlp::otlp;
pub use parquet::{ParquetRows, WriteParquetError};
pub use rows::rows;

use crate::events::{Call, Events};
use crate::run::{Attempt, Run};

/// The columns of a Parquet file.
pub fn columns() -> impl Iterator<Item = &'static str> {
    columns::COLUMNS.iter().map(|(name, _)| *name)
}

/// The attempt that facts were measured from.
fn attempt_of(run: &Run, number: u32) -> Option<&Attempt> {
    run.turns.last()?.attempts.iter().find(|attempt| attempt.number == number)
}

/// How a call ended.
fn state(call: &Call) -> &'static str {
    match call {
        call if !call.ended() => "unfinished",
        call if call.failed() => "failed",
        call if call.background() => "background",
        _ => "ok",
    }
}

/// Calls with their agents.
fn calls(events: &Events) -> impl Iterator<Item = (usize, &str, &Call)> {
    events
        .calls
        .iter()
        .enumerate()
        .map(|(at, call)| (at, events.agent(call.agent).unwrap_or_default(), call))
}
