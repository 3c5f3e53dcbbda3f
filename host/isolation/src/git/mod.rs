//! The `git` program: the only place that starts it. Everything that touches trees, indexes and worktrees
//! goes through it; libgit2 is used for pure work on buffers alone (decision 7).

mod command;
pub(crate) mod config;
pub(crate) mod handover;
pub(crate) mod linked;
pub(crate) mod pin;
pub(crate) mod private;
mod repository;
mod sound;

pub use command::{Git, GitError};
pub use repository::{Repository, Sparse};
