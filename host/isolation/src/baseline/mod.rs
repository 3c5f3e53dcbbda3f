//! What a session began from: every path with its kind, mode and bytes, and the ignore rules that were in
//! force. It is made once and never changed.

mod carry;
mod copy;
mod decision;
mod file;
mod ignored;
mod links;
mod nested;
mod rules;
mod secrets;
mod walk;

use serde::{Deserialize, Serialize};

pub use carry::{Carried, Carrier, CarryError, CarryOptions, CarryPolicy, NotCarried};
pub(crate) use carry::{reason_of, special};
pub use file::{LoadError, load, save};
pub use links::Roots;
pub(crate) use links::stays_inside;
pub use rules::{RuleFile, Rules};
pub use secrets::looks_secret;
pub(crate) use walk::list;

use crate::entry::{Node, Stamp};
use crate::path::RelPath;

/// Why a path is part of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// git tracks it, or there is no git.
    Tracked,
    /// git does not track it and does not ignore it.
    Untracked,
    /// git ignores it, and the policy brought it along.
    Ignored,
    /// Belongs to a repository inside the tree.
    GitInternal,
}

/// One path of the baseline.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Where.
    pub path: RelPath,
    /// What.
    pub node: Node,
    /// The stamp of its copy in the workspace.
    pub stamp: Stamp,
    /// For a link that was led into the workspace: where the copy points.
    pub placed: Option<Vec<u8>>,
    /// Why it is here.
    pub origin: Origin,
}

/// What a session began from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// When the stamps were taken, nanoseconds since 1970.
    pub stamped_ns: i64,
    /// Ignore rules, in the order in which they were found.
    pub rules: Vec<RuleFile>,
    /// Directories that are repositories of their own: rules from above end there.
    pub repositories: Vec<RelPath>,
    /// Names differ by more than case.
    pub ignore_case: bool,
    /// Every path, in the order of the bytes.
    pub entries: Vec<Entry>,
}

impl Baseline {
    /// The entry at a path.
    pub fn find(&self, path: &RelPath) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok().map(|at| &self.entries[at])
    }
}
