//! What agents did with tools.

mod background;
mod commands;
mod duplicates;
mod failures;
mod tools;

pub use background::BackgroundJob;
pub use commands::CommandPattern;
pub use duplicates::{AcrossAttempts, Duplicate};
pub use failures::RepeatedFailure;
pub use tools::{ServerRow, ToolRow};

pub(super) use background::background_jobs;
pub(super) use commands::commands;
pub(super) use duplicates::{across_attempts, duplicates, prompts};
pub(super) use failures::{repeated_failures, streaks};
pub(crate) use tools::rows;
pub(super) use tools::servers;
