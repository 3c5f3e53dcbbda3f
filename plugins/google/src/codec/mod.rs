//! generateContent as pure functions: request to bytes, bytes to events.

pub mod api;
pub mod count;
pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;

/// Kind of the opaque state: a signature for the part that follows.
pub(crate) const SIGNATURE: &str = "thought-signature";

/// Prefix of generated ids, for tool calls that the service sent without one. They are never sent back.
pub(crate) const OWN_ID: &str = "massgen-call-";
