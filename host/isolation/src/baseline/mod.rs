//! The state that a session starts from: every path with kind, mode and bytes, and the ignore rules in
//! effect. It is recorded once and never changed.

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

/// Why a path is in the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// Tracked by git, or there is no git.
    Tracked,
    /// Neither tracked nor ignored.
    Untracked,
    /// Ignored by git, but carried.
    Ignored,
    /// Metadata of a repository inside the tree.
    GitInternal,
}

/// One path of the baseline.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The path.
    pub path: RelPath,
    /// Its node.
    pub node: Node,
    /// Stamp of the copy in the workspace.
    pub stamp: Stamp,
    /// Target of the copy, for a link that was mapped into the workspace.
    pub placed: Option<Vec<u8>>,
    /// Why it is in the baseline.
    pub origin: Origin,
}

/// The recorded state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// When the stamps were taken, in nanoseconds since 1970.
    pub stamped_ns: i64,
    /// Ignore rules, in the order in which they were found.
    pub rules: Vec<RuleFile>,
    /// Directories that are repositories. Rules from above do not apply in them.
    pub repositories: Vec<RelPath>,
    /// Whether rules ignore case (`core.ignorecase`).
    pub ignore_case: bool,
    /// Every path, ordered by bytes.
    pub entries: Vec<Entry>,
}

impl Baseline {
    /// Returns the entry of a path.
    pub fn find(&self, path: &RelPath) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok().map(|at| &self.entries[at])
    }
}
