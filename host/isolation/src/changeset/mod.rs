//! What an agent changed: one comparison of the baseline with the workspace, whatever the agent did to
//! git in the meantime, and uninfluenced by anything that an agent can write.

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
    /// It is new.
    Added,
    /// Its bytes, or where it points, are others.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name, and perhaps other bytes.
    Renamed,
    /// It is of another kind.
    TypeChanged,
    /// Only its permissions are others.
    ModeChanged,
}

/// Whether a change is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// It is applied unless somebody says no.
    In,
    /// Outside of the directory that the session is for, or inside a repository's own files.
    OutOfScope,
    /// Ignored by the rules of the baseline: applied only when it is named.
    IgnoredOutput,
}

/// What a reviewer should look at twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Tools run it, or read orders from it, on the user's machine.
    ExecutesOnYourMachine,
    /// A link that leads out of the project.
    EscapingSymlink,
    /// Characters that change the direction of text.
    BidiControl,
    /// Characters that nobody sees, or that speak to the terminal.
    ControlCharacters,
    /// The name holds such characters.
    ControlCharactersInName,
    /// It became executable.
    BecameExecutable,
    /// Its name says that it holds secrets.
    LooksSecret,
    /// A repository inside the tree; its own files are never applied.
    NestedRepository,
    /// Its name stands for `.git` somewhere; it is never applied.
    GitDirectoryName,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where it is now, or was, if it is gone.
    pub path: RelPath,
    /// Where it was, if it was renamed.
    pub old_path: Option<RelPath>,
    /// How it changed.
    pub status: ChangeStatus,
    /// What was there.
    pub old: Option<Node>,
    /// What is there.
    pub new: Option<Node>,
    /// Whether it is offered.
    pub scope: Scope,
    /// What to look at twice.
    pub risks: Vec<Risk>,
}

impl Change {
    /// The kind of what is there now, or was.
    pub fn kind(&self) -> NodeKind {
        self.new.as_ref().or(self.old.as_ref()).map_or(NodeKind::File, Node::kind)
    }
}

/// All changes, by path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changeset {
    /// The changes.
    pub changes: Vec<Change>,
    /// Paths that can't be compared, with the reason.
    pub unreadable: Vec<NotCarried>,
    /// Files of the baseline that the comparison covered, within the scope.
    pub baseline_files: u64,
    /// Directories that the workspace no longer has.
    pub gone_dirs: Vec<RelPath>,
}

/// How many changes there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New paths.
    pub added: u64,
    /// Paths with other bytes.
    pub modified: u64,
    /// Paths that are gone.
    pub deleted: u64,
    /// Paths with another name.
    pub renamed: u64,
    /// Paths of another kind.
    pub type_changed: u64,
    /// Paths with other permissions.
    pub mode_changed: u64,
}

impl Changeset {
    /// Counts what is in scope.
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

    /// The change of a path, by its new or its old name.
    pub fn find(&self, path: &RelPath) -> Option<&Change> {
        let named = self.changes.iter().find(|change| change.path == *path);
        named.or_else(|| self.changes.iter().find(|change| change.old_path.as_ref() == Some(path)))
    }
}
