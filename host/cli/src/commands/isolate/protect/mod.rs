//! What keeps agents in their workspace, as the commands of `isolate` see it: from flags and configuration
//! to what the library confines with, and from what was reached to words.

mod args;
mod guard;

pub(super) use args::ProtectArgs;
pub(super) use guard::{Guard, Level, protection, record, supported};
