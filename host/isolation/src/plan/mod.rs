//! The exact writes of an apply, fixed before the first one is made: for each path, the expected node and
//! the new one. Drift is detected here, and merged only on request.

mod builder;
mod changed_text;
mod drift;
mod merge;
mod modes;
mod step;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use builder::{Contribution, PlanBuilder};
pub use merge::merge_text;

use crate::changeset::CompareError;
use crate::entry::{Content, Node};
use crate::journal::{Delivery, Op};
use crate::path::RelPath;
use crate::store::StoreError;

/// How drift is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// Drift is a conflict, and nothing is applied.
    #[default]
    Refuse,
    /// Both sides are merged. What cannot be merged is a conflict, and nothing is applied.
    Merge,
}

/// A path with a reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PathReason {
    /// The path.
    pub path: RelPath,
    /// Why it was skipped or conflicts.
    pub reason: String,
}

/// The writes and results of an apply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Writes, one per path.
    pub ops: BTreeMap<RelPath, Op>,
    /// What the project will hold of each session's work.
    pub deliveries: Vec<Delivery>,
    /// Changes that will be applied.
    pub applied: Vec<RelPath>,
    /// Changes that will not be applied.
    pub skipped: Vec<PathReason>,
    /// Changes that cannot be applied. If there are any, nothing is applied.
    pub conflicts: Vec<PathReason>,
    /// Whether a conflict is due to drift alone, so that merging may resolve it.
    pub drifted: bool,
}

/// Read access to the project for planning.
pub trait Target {
    /// Returns the node at a path. Fails with `NotADirectory` below a file.
    fn node(&self, path: &RelPath) -> Result<Option<Node>, PlanError>;
    /// Returns the bytes of a file.
    fn bytes(&self, path: &RelPath) -> Result<Vec<u8>, PlanError>;
    /// Returns the names in a directory.
    fn names(&self, path: &RelPath) -> Result<Vec<Vec<u8>>, PlanError>;
}

/// Store of the bytes that a plan writes or overwrites.
pub trait BlobStore {
    /// Stores bytes and returns where they are.
    fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError>;
    /// Returns stored bytes.
    fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError>;
}

/// Why a plan cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A selected hunk does not exist.
    #[error("hunk {hunk} of {path} does not exist: it has {count} hunks")]
    NoSuchHunk {
        /// The file.
        path: String,
        /// The selected hunk.
        hunk: usize,
        /// Number of hunks in the file.
        count: usize,
    },
    /// Hunks were selected in a change that has none.
    #[error("{path} can only be accepted or left as a whole: {why}")]
    Indivisible {
        /// The path.
        path: String,
        /// Why it has no hunks.
        why: &'static str,
    },
    /// The project cannot be read.
    #[error("cannot read {path} in the project")]
    Target {
        /// The path.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The bytes of a change cannot be read.
    #[error(transparent)]
    Source(#[from] CompareError),
    /// Bytes cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlanError {
    /// Returns whether a component above the path is not a directory, so that nothing can exist there.
    pub(crate) fn is_not_a_directory(&self) -> bool {
        matches!(self, Self::Target { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory)
    }
}

#[cfg(test)]
mod tests;
