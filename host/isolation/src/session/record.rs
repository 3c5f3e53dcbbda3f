//! A session's record.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::atomic_write;
use crate::audit::Escape;
use crate::baseline::{NotCarried, Roots};
use crate::confine::Confinement;
use crate::path::{HostPath, RelPath};

/// Version of the record.
const SCHEMA: u32 = 1;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being made; if nobody is at it, a crash left it so.
    Creating,
    /// It can be worked in, reviewed and applied.
    Open,
    /// Everything in scope was applied.
    Applied,
    /// It is archived.
    Discarded,
}

/// Whose git directory a workspace has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitKind {
    /// A repository of the session's own.
    Private,
    /// One that the agents of a run share.
    Shared,
    /// The user's.
    Linked,
}

/// The git side of a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GitSide {
    /// Whose git directory the workspace has.
    pub kind: GitKind,
    /// The repository that the workspace is a work tree of.
    pub repository: HostPath,
    /// The workspace's own part of it.
    pub admin: HostPath,
    /// The user's repository: common directory.
    pub user_common: HostPath,
    /// The user's work tree's part of it.
    pub user_gitdir: HostPath,
    /// A ref in the user's repository keeps the base commit.
    pub pinned: bool,
    /// Submodules that got private repositories.
    pub submodules: Vec<RelPath>,
}

/// How many files came along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedCounts {
    /// Tracked by git; without git: all.
    pub tracked: u64,
    /// Of these, with changes that are not committed.
    pub modified: u64,
    /// Not tracked and not ignored.
    pub untracked: u64,
    /// Ignored by git.
    pub ignored: u64,
}

/// What keeps the agent in its workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// What was asked for.
    pub requested: String,
    /// What there is.
    pub achieved: String,
    /// What to know about it.
    pub notes: Vec<String>,
}

/// The last command of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// Its words.
    pub argv: Vec<String>,
    /// Its exit code; none: it is running, or a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// It was stopped because its time was over.
    pub timed_out: bool,
    /// How long it took.
    pub duration_ms: u64,
    /// Programs that it left running, and that were ended before its work was looked at.
    #[serde(default)]
    pub left_running: Vec<String>,
}

/// One isolated piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Version of this record.
    pub schema: u32,
    /// Its id.
    pub id: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// The strategy that made it, `worktree 0.1.0`.
    pub strategy: String,
    /// Where it stands.
    pub state: State,
    /// When it was made, milliseconds since 1970.
    pub created_unix_ms: i64,
    /// When it was discarded.
    pub discarded_unix_ms: Option<i64>,
    /// The user's tree.
    pub project: HostPath,
    /// The part of it that changes are applied to; the root: all of it.
    pub scope: RelPath,
    /// Where commands start.
    pub start: RelPath,
    /// The copy.
    pub workspace: HostPath,
    /// The commit that the user stood on.
    pub base_commit: Option<String>,
    /// The git side; none without git.
    pub git: Option<GitSide>,
    /// What came along.
    pub carried: CarriedCounts,
    /// What did not.
    pub not_carried: Vec<NotCarried>,
    /// Files that came along and whose names say that they hold secrets.
    pub secrets: Vec<RelPath>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// What keeps the agent in.
    pub protection: Protection,
    /// How commands are confined.
    #[serde(default)]
    pub confinement: Confinement,
    /// What was changed outside of the workspace by commands of this session, or while they ran.
    #[serde(default)]
    pub escapes: Vec<Escape>,
    /// The last command.
    pub command: Option<CommandRecord>,
    /// The machine that it lives on; others leave it alone.
    pub host: String,
}

/// Why a record can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file system said no.
    #[error("{path} can't be used")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It can't be understood.
    #[error("{path} is damaged, or was written by another version of this program")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A newer version wrote it.
    #[error("{path} was written by a newer version of this program (record {found})")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

impl Session {
    /// The version that this program writes.
    pub const SCHEMA: u32 = SCHEMA;

    /// The two trees.
    pub fn roots(&self) -> Roots {
        Roots { project: self.project.0.clone(), workspace: self.workspace.0.clone() }
    }

    /// Writes the record, all or nothing.
    pub fn save(&self, dir: &Path) -> Result<(), SaveError> {
        write_json(&dir.join("session.json"), self)
    }

    /// Reads the record of a session's directory.
    pub fn load(dir: &Path) -> Result<Self, SaveError> {
        let path = dir.join("session.json");
        let value: serde_json::Value = read_json(&path)?;
        let found = value["schema"].as_u64().unwrap_or(0);
        if found > u64::from(SCHEMA) {
            return Err(SaveError::Newer { path, found });
        }
        serde_json::from_value(value).map_err(|source| SaveError::Damaged { path, source })
    }

    /// How people see the session: id, and name if it has one.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.id),
            None => self.id.clone(),
        }
    }
}

/// Writes a JSON file so that a crash leaves the old one or the new one.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), SaveError> {
    let io = |source| SaveError::Io { path: path.to_path_buf(), source };
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|source| SaveError::Damaged { path: path.to_path_buf(), source })?;
    atomic_write::write(path, &bytes, atomic_write::Durability::Synced).map_err(io)
}

/// Reads a JSON file.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, SaveError> {
    let bytes =
        std::fs::read(path).map_err(|source| SaveError::Io { path: path.to_path_buf(), source })?;
    serde_json::from_slice(&bytes)
        .map_err(|source| SaveError::Damaged { path: path.to_path_buf(), source })
}

/// Makes a directory's entries survive a power cut.
pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::File::open(dir)?.sync_all()
}
