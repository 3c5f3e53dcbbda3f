//! Isolates an agent's file changes until a person approves them: baseline, workspace, changeset, review,
//! apply, undo, archive. Until `apply`, the user's tree and `.git` are only read.

pub mod apply;
pub mod archive;
mod atomic_write;
pub mod audit;
pub mod baseline;
mod beneath;
pub mod changes;
pub mod changeset;
mod clock;
pub mod confine;
pub mod context;
pub mod create;
pub mod entry;
pub mod git;
pub mod journal;
mod mode;
pub mod path;
pub mod plan;
pub mod review;
pub mod scan;
pub mod session;
pub mod small_file;
pub mod store;
pub mod strategy;
