//! Compares the user's tree, repository and home directory before and after a command and reports changes outside of the
//! workspace. With kernel confinement this is a second check, without it the only one. Previous content is preserved so
//! that changes can be undone.

mod area;
mod escape;
mod preserve;
mod restore;
mod roots;
mod snapshot;
mod watch;

pub use area::Area;
pub use escape::Escape;
pub use restore::{RestoreError, patch, restore};
pub use watch::{AuditError, AuditReport, Depth, Watch};
