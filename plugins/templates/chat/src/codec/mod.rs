//! Chat completions as pure functions: request to bytes, bytes to events.

pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;

/// Name of the service in messages.
pub(crate) const SERVICE: &str = "Template Chat";

/// Kind of the provider state that is sent back with the next request.
pub(crate) const REASONING_DETAILS: &str = "reasoning-details";
