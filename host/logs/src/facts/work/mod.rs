//! Tool calls: tools, servers, commands, repetitions, failures, background jobs.

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

pub(super) use duplicates::across_attempts;
pub(crate) use tools::rows;

use super::agents::AgentFacts;
use crate::events::Events;

/// Tool calls of an attempt.
pub(super) struct Work {
    pub(super) tools: Vec<ToolRow>,
    pub(super) servers: Vec<ServerRow>,
    pub(super) commands: Vec<CommandPattern>,
    pub(super) duplicates: Vec<Duplicate>,
    pub(super) duplicate_prompts: Vec<Duplicate>,
    pub(super) repeated_failures: Vec<RepeatedFailure>,
    pub(super) failure_streaks: Vec<RepeatedFailure>,
    pub(super) background_jobs: Vec<BackgroundJob>,
}

impl Work {
    pub(super) fn measure(events: &Events, origin_us: i64, agents: &[AgentFacts]) -> Self {
        let tools = rows([events].into_iter());
        let duplicates = duplicates::duplicates(events, agents);
        Self {
            servers: tools::servers(&tools),
            tools,
            commands: commands::commands(events),
            duplicate_prompts: duplicates::prompts(events, agents, &duplicates),
            duplicates,
            repeated_failures: failures::repeated_failures(events),
            failure_streaks: failures::streaks(events),
            background_jobs: background::background_jobs(events, origin_us),
        }
    }
}
