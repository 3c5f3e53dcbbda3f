//! generateContent as pure functions: request to bytes, bytes to events.

pub mod count;
pub mod decode;
pub mod encode;
pub mod explain;
pub mod list;

/// Kind of the opaque state: a signature that belongs to the part after it.
pub(crate) const SIGNATURE: &str = "thought-signature";

/// Calls that the service gave no id; their ids are made here and never sent.
pub(crate) const OWN_ID: &str = "massgen-call-";
