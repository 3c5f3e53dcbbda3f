//! Systems whose kernel lets no program give up its rights by itself: an agent is watched there, not kept in.

use super::outcome::{ConfineError, Reached};
use super::policy::{Layout, Policy};
use super::request::Net;

/// Runs nothing: the caller falls back to the audit, or refuses.
pub fn within<T: Send>(
    _: &Policy,
    _: &Layout,
    _: impl FnOnce() -> T + Send,
) -> Result<(T, Reached), ConfineError> {
    Err(unsupported())
}

/// Whether this kernel can confine at all.
pub fn supported(_: Net) -> Result<(), ConfineError> {
    Err(unsupported())
}

/// Whether a policy can be applied here.
pub fn check(_: &Policy, _: &Layout) -> Result<Reached, ConfineError> {
    Err(unsupported())
}

fn unsupported() -> ConfineError {
    ConfineError::Unsupported("it has no Landlock, which only Linux has")
}
