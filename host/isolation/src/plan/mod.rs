//! The exact writes of an apply, frozen before the first one: for each path what must be there, and what
//! will be there. Drift is found here, and merged only when the user asked for it.

mod drift;
mod merge;
mod modes;
mod planner;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use merge::merge_text;
pub use planner::{Part, Planner};

use crate::changeset::CompareError;
use crate::entry::{Content, Node};
use crate::journal::{Delivery, Op};
use crate::path::RelPath;
use crate::store::StoreError;

/// What is done when the target is not what the session began from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// Nothing is applied.
    #[default]
    Refuse,
    /// Both sides are merged; what can't be merged is a conflict, and nothing is applied.
    Merge,
}

/// A path with a reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Because {
    /// The path.
    pub path: RelPath,
    /// The reason.
    pub reason: String,
}

/// What an apply will do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Writes; at most one for each path.
    pub ops: BTreeMap<RelPath, Op>,
    /// What of which session is delivered.
    pub deliveries: Vec<Delivery>,
    /// Changes that will be applied.
    pub applied: Vec<RelPath>,
    /// Changes that will not be applied, with the reason.
    pub skipped: Vec<Because>,
    /// What can't be applied. With any of these nothing is.
    pub conflicts: Vec<Because>,
    /// One of the conflicts comes of the project alone, so that merging both sides may settle it.
    pub drifted: bool,
}

/// The user's tree, as far as a plan looks at it.
pub trait Target {
    /// What stands at a path. A path below something that is no directory is a conflict.
    fn node(&self, path: &RelPath) -> Result<Option<Node>, PlanError>;
    /// The bytes of a file.
    fn bytes(&self, path: &RelPath) -> Result<Vec<u8>, PlanError>;
    /// Names in a directory.
    fn names(&self, path: &RelPath) -> Result<Vec<Vec<u8>>, PlanError>;
}

/// Takes the bytes that will be written.
pub trait Keeper {
    /// Keeps bytes; the content tells where.
    fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError>;
    /// Gives kept bytes back.
    fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError>;
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A hunk was named that is not there.
    #[error("{path} has {there} hunks; hunk {wanted} was asked for")]
    Hunk {
        /// The file.
        path: String,
        /// The hunk.
        wanted: usize,
        /// How many there are.
        there: usize,
    },
    /// Hunks of something that has none.
    #[error("{path} can be taken or left as a whole only: {why}")]
    Whole {
        /// The path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// The user's tree can't be read.
    #[error("{path} can't be read in the project")]
    Target {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Bytes can't be had.
    #[error(transparent)]
    Source(#[from] CompareError),
    /// Bytes can't be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlanError {
    /// Nothing can stand there: what is above it is no directory.
    pub(crate) fn is_below_no_directory(&self) -> bool {
        matches!(self, Self::Target { source, .. } if source.kind() == std::io::ErrorKind::NotADirectory)
    }
}

#[cfg(test)]
mod tests;
