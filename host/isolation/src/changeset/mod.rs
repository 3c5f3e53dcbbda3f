//! The agent's changes: a comparison of the baseline with the workspace. It does not depend on git, nor on
//! anything else that an agent can write.

mod compare;
mod fingerprint;
mod hunks;
mod lines;
mod patch;
mod rename;
mod risks;
mod runs;

use serde::{Deserialize, Serialize};

pub use compare::{CompareError, Effective, FileState, Source, between, compare};
pub use fingerprint::Fingerprint;
pub use hunks::{Block, Hunk, HunkPart, TextDiff, select, select_parts, text_diff};
pub use lines::Lines;
pub use patch::{patch, quoted};
pub(crate) use risks::INSPECTED_BYTES_MAX;

use crate::baseline::NotCarried;
use crate::entry::{Node, NodeKind};
use crate::path::RelPath;

/// How a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    /// The path is new.
    Added,
    /// The bytes or the link target differ.
    Modified,
    /// The path is gone.
    Deleted,
    /// The path has a new name, and possibly other bytes.
    Renamed,
    /// The path has another kind of node.
    TypeChanged,
    /// Only the permissions differ.
    ModeChanged,
}

/// Whether a change can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In scope: applied unless excluded.
    In,
    /// Out of scope: outside the session's directory, or in a repository's metadata. Applied only if named.
    OutOfScope,
    /// Ignored by the baseline's rules. Applied only if named.
    IgnoredOutput,
}

/// A reason to review a change closely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Tools execute it, or read instructions from it, on the user's machine.
    ExecutesOnYourMachine,
    /// A link that points out of the project.
    EscapingSymlink,
    /// Contains characters that change the direction of text.
    BidiControl,
    /// Contains invisible characters or terminal control characters.
    ControlCharacters,
    /// The name contains such characters.
    ControlCharactersInName,
    /// It became executable.
    BecameExecutable,
    /// The name suggests that it holds secrets.
    LooksSecret,
    /// A repository inside the tree. Its metadata is never applied.
    NestedRepository,
    /// The name is equivalent to `.git` on some system. Never applied.
    GitDirectoryName,
}

/// A change of one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The current path, or the last one if it was deleted.
    pub path: RelPath,
    /// The old path of a rename.
    pub old_path: Option<RelPath>,
    /// How it changed.
    pub status: ChangeStatus,
    /// The node before. `None` if it was added.
    pub old: Option<Node>,
    /// The node after. `None` if it was deleted.
    pub new: Option<Node>,
    /// Whether it can be applied.
    pub scope: Scope,
    /// Reasons to review it closely.
    pub risks: Vec<Risk>,
}

impl Change {
    /// Returns the kind of the new node, or of the old one if it was deleted.
    pub fn kind(&self) -> NodeKind {
        self.new.as_ref().or(self.old.as_ref()).map_or(NodeKind::File, Node::kind)
    }
}

/// All changes of a session, ordered by path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changeset {
    /// The changes.
    pub changes: Vec<Change>,
    /// Paths that cannot be compared.
    pub unreadable: Vec<NotCarried>,
    /// Number of files of the baseline in scope.
    pub baseline_files: u64,
    /// Directories of the baseline that the agent removed.
    pub gone_dirs: Vec<RelPath>,
}

/// Numbers of changes by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Added paths.
    pub added: u64,
    /// Modified paths.
    pub modified: u64,
    /// Deleted paths.
    pub deleted: u64,
    /// Renamed paths.
    pub renamed: u64,
    /// Paths with another kind of node.
    pub type_changed: u64,
    /// Paths with other permissions only.
    pub mode_changed: u64,
}

impl Changeset {
    /// Counts the changes in scope.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in self.changes.iter().filter(|change| change.scope == Scope::In) {
            *match change.status {
                ChangeStatus::Added => &mut counts.added,
                ChangeStatus::Modified => &mut counts.modified,
                ChangeStatus::Deleted => &mut counts.deleted,
                ChangeStatus::Renamed => &mut counts.renamed,
                ChangeStatus::TypeChanged => &mut counts.type_changed,
                ChangeStatus::ModeChanged => &mut counts.mode_changed,
            } += 1;
        }
        counts
    }

    /// Returns the change of a path, by its new or old name.
    pub fn find(&self, path: &RelPath) -> Option<&Change> {
        let named = self.changes.iter().find(|change| change.path == *path);
        named.or_else(|| self.changes.iter().find(|change| change.old_path.as_ref() == Some(path)))
    }
}
