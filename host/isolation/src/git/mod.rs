//! The `git` program. Everything that touches trees, indexes and work trees goes through this module, the only one that
//! starts git; libgit2 is used for pure work on buffers alone (decision 7).

mod command;
pub(crate) mod config;
pub(crate) mod handover;
pub(crate) mod linked;
pub(crate) mod pin;
pub(crate) mod private;
mod repository;
mod special_files;

pub use command::{Git, GitError};
pub use repository::{Repository, Sparse};
