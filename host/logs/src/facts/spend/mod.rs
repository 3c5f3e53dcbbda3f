//! Tokens, money and requests.

mod api;
mod rounds;
mod subagents;
mod usage;

pub use api::ApiFacts;
pub use rounds::RoundSpend;
pub use subagents::{NestedFacts, SubagentFacts};

pub(super) use api::api;
pub(super) use rounds::spend_of;
pub(super) use subagents::subagents;
pub(super) use usage::{AgentUsage, cache_hit_rate, usage};
