//! The record of one apply or undo.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Delivery, Op};
use crate::context::Context;
use crate::path::{HostPath, RelPath};
use crate::session::{SaveError, write_json};

/// Name of the record in an apply's directory.
pub(super) const FILE: &str = "record.json";

/// Whether a record applies work or undoes an earlier apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyKind {
    /// Applies the work of sessions.
    Apply,
    /// Undoes an earlier apply.
    Undo {
        /// Id of that apply.
        of: String,
    },
}

/// How far an apply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyPhase {
    /// The plan is saved and the project is untouched.
    Planned,
    /// New contents are staged and writes may have begun. Recovery rolls back.
    Staged,
    /// Every write was made. Recovery finishes the apply.
    Committed,
    /// The apply is complete.
    Done,
    /// The apply was rolled back.
    RolledBack,
}

/// One apply or undo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ApplyRecord {
    /// Version of the record format.
    pub schema: u32,
    /// Number of the apply, the id that `undo` accepts.
    pub id: String,
    /// Whether it applies or undoes.
    pub kind: ApplyKind,
    /// How far it has come.
    #[serde(rename = "status")]
    pub phase: ApplyPhase,
    /// Time of creation in milliseconds since 1970.
    pub created_unix_ms: i64,
    /// The user's tree.
    pub project: HostPath,
    /// Ids of the sessions whose work is applied.
    pub sessions: Vec<String>,
    /// The writes.
    pub ops: Vec<Op>,
    /// What the project holds of each session once this apply is in force.
    pub deliveries: Vec<Delivery>,
    /// For each act, the directory that contains its staging directory.
    pub stages: Vec<RelPath>,
    /// For each act, the inode of the staged node.
    pub inodes: Vec<Option<u64>>,
    /// Files saved because another program wrote them during the apply.
    pub rescued: Vec<String>,
}

impl ApplyRecord {
    /// Returns a record in its first phase. Its id is the name of `dir`.
    pub(crate) fn new(
        context: &Context,
        dir: &Path,
        project: &HostPath,
        sessions: Vec<String>,
        kind: ApplyKind,
    ) -> Self {
        Self {
            schema: 1,
            id: dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            kind,
            phase: ApplyPhase::Planned,
            created_unix_ms: context.now_unix_ms,
            project: project.clone(),
            sessions,
            ops: Vec::new(),
            deliveries: Vec::new(),
            stages: Vec::new(),
            inodes: Vec::new(),
            rescued: Vec::new(),
        }
    }

    /// Returns whether the record's writes are in the project.
    pub fn is_in_force(&self) -> bool {
        matches!(self.phase, ApplyPhase::Committed | ApplyPhase::Done)
    }

    /// Returns whether the apply is neither complete nor rolled back.
    pub(crate) fn is_unfinished(&self) -> bool {
        !matches!(self.phase, ApplyPhase::Done | ApplyPhase::RolledBack)
    }

    /// Returns the deliveries of one session.
    pub(crate) fn deliveries_of(&self, session: &str) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(move |delivery| delivery.session == session)
    }

    /// Saves the record atomically.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), SaveError> {
        write_json(&dir.join(FILE), self)
    }

    /// Returns whether a directory has a record.
    pub(crate) fn exists(dir: &Path) -> bool {
        dir.join(FILE).exists()
    }
}
