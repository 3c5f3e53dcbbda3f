//! Checks plugins against their contract: replays recorded exchanges, and varies them the way services do.
//! Nothing here touches the network.

pub mod cassette;
pub mod provider;
mod report;
pub mod strategy;

pub use report::{Check, Report, Verdict};
