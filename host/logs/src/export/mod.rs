//! Exports runs to other programs: rows for databases, spans for tracing systems.

mod columns;
mod otlp;
mod parquet;
mod rows;

pub use otlp::otlp;
pub use parquet::{ParquetRows, WriteParquetError};
pub use rows::rows;

use crate::events::{Call, Events};
use crate::run::{Attempt, Run};

/// Returns the column names of a Parquet file.
pub fn columns() -> impl Iterator<Item = &'static str> {
    columns::COLUMNS.iter().map(|(name, _)| *name)
}

/// Returns the recorded attempt with a number, in the turn that facts were measured from.
fn attempt_of(run: &Run, number: u32) -> Option<&Attempt> {
    run.turns.last()?.attempts.iter().find(|attempt| attempt.number == number)
}

/// Returns the state of a call: `ok`, `failed`, `unfinished` or `background`.
fn call_state(call: &Call) -> &'static str {
    match call {
        call if !call.ended() => "unfinished",
        call if call.failed() => "failed",
        call if call.background() => "background",
        _ => "ok",
    }
}

/// Returns the calls, each with its index and agent.
fn calls(events: &Events) -> impl Iterator<Item = (usize, &str, &Call)> {
    events
        .calls
        .iter()
        .enumerate()
        .map(|(at, call)| (at, events.agent(call.agent).unwrap_or_default(), call))
}
