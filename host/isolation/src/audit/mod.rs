//! Looks at the user's tree and repository before and after a command, and tells what was changed there
//! meanwhile. Where the kernel keeps the agent in, this is the second look; where it can't, the only one.
//! What was there before is kept, so that it can be brought back.

mod area;
mod escape;
mod keep;
mod place;
mod restore;
mod sight;
mod watch;

pub use area::Area;
pub use escape::Escape;
pub use restore::{RestoreError, patch, restore};
pub use watch::{AuditError, Depth, Found, Watch};
