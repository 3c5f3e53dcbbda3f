//! Chat Completions as pure functions: request to bytes, bytes to events.

pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;
mod messages;
pub mod quirks;
