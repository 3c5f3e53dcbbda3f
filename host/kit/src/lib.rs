//! Holds plugins to their contract: recorded exchanges that are replayed, and checks that change them in
//! every way a service may. Nothing here touches the network.

pub mod cassette;
pub mod provider;
mod report;
pub mod strategy;

pub use report::{Check, Report, Verdict};
