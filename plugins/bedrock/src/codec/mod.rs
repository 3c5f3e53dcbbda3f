//! Converse as pure functions: request to bytes, binary frames to events.

pub mod count;
pub mod decode;
pub mod encode;
pub mod event_stream;
pub mod explain;
pub mod list;

/// Kind of the opaque state that holds a block of reasoning.
pub(crate) const REASONING: &str = "reasoning-content";
