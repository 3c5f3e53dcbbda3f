//! Tokens, money and requests.

mod api;
mod own;
mod rounds;
mod subagents;

pub use api::ApiFacts;
pub use rounds::SegmentSpend;
pub use subagents::{NestedFacts, SubagentFacts};

pub(super) use api::api;
pub(super) use own::{Own, cache_hit_rate, own};
pub(super) use rounds::spend_of;
pub(super) use subagents::subagents;
