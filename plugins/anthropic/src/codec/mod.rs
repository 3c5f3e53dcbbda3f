//! The Messages API as pure functions: request to bytes, bytes to events.

pub mod count;
pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;
mod time;

/// The version of the API. It has no sampling parameters.
pub(crate) const VERSION: &str = "2026-10-21";
