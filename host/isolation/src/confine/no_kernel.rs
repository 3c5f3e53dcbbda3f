//! Systems without unprivileged confinement: agents are audited there, not confined.

use super::enforcement::{ConfineError, Enforcement};
use super::policy::{Layout, Policy};
use super::request::Net;

/// Fails without running `act`; the caller falls back to the audit or refuses.
pub fn run_confined<T: Send>(
    _: &Policy,
    _: &Layout,
    _: impl FnOnce() -> T + Send,
) -> Result<(T, Enforcement), ConfineError> {
    Err(unsupported())
}

/// Returns an error: nothing can be confined here.
pub fn supported(_: Net) -> Result<(), ConfineError> {
    Err(unsupported())
}

/// Returns an error: no policy can be applied here.
pub fn check(_: &Policy, _: &Layout) -> Result<Enforcement, ConfineError> {
    Err(unsupported())
}

fn unsupported() -> ConfineError {
    ConfineError::Unsupported("Landlock is only available on Linux")
}
