//! The record of a session, `session.json`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::atomic_write;
use crate::audit::Escape;
use crate::baseline::{NotCarried, Roots};
use crate::confine::Confinement;
use crate::path::{HostPath, RelPath};

/// The version of the record format.
const SCHEMA: u32 = 1;

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is being created. Without a running command, it was left by a crash.
    Creating,
    /// It can be used, reviewed and applied.
    Open,
    /// All changes in scope were applied.
    Applied,
    /// It is archived.
    Discarded,
}

/// The git directory that a workspace uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitKind {
    /// A private repository of the session.
    Private,
    /// A private repository shared by the agents of a run.
    Shared,
    /// The user's own repository.
    Linked,
}

/// The git setup of a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GitSide {
    /// The git directory that the workspace uses.
    pub kind: GitKind,
    /// The repository that the workspace is a work tree of.
    pub repository: HostPath,
    /// The workspace's directory below `worktrees/` of that repository.
    pub admin: HostPath,
    /// The common directory of the user's repository.
    pub user_common: HostPath,
    /// The git directory of the user's work tree.
    pub user_gitdir: HostPath,
    /// Whether a ref in the user's repository pins the base commit.
    pub pinned: bool,
    /// Submodules that have a private repository.
    pub submodules: Vec<RelPath>,
}

/// Numbers of carried files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedCounts {
    /// Files that git tracks; all files where there is no git.
    pub tracked: u64,
    /// Tracked files with uncommitted changes.
    pub modified: u64,
    /// Files that are neither tracked nor ignored.
    pub untracked: u64,
    /// Files that git ignores.
    pub ignored: u64,
}

/// The protection of the last command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// The requested mode, as users type it.
    pub requested: String,
    /// The level that was achieved.
    pub achieved: String,
    /// Limitations and grants to show to the user.
    pub notes: Vec<String>,
}

/// The last command of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Exit code; `None` while it runs or if a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether it was stopped at its time limit.
    pub timed_out: bool,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Processes that it left running and that were ended before its changes were scanned.
    #[serde(default)]
    pub left_running: Vec<String>,
}

/// One isolated piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// The version of this record.
    pub schema: u32,
    /// The id.
    pub id: String,
    /// The name that the user chose.
    pub name: Option<String>,
    /// Id and version of the strategy that created it, such as `worktree 0.1.0`.
    pub strategy: String,
    /// The state.
    pub state: State,
    /// Creation time in milliseconds since 1970.
    pub created_unix_ms: i64,
    /// Time of the discard in milliseconds since 1970.
    pub discarded_unix_ms: Option<i64>,
    /// The user's tree.
    pub project: HostPath,
    /// The part of the project that changes are applied to; the root for all of it.
    pub scope: RelPath,
    /// The directory that commands start in.
    pub start: RelPath,
    /// The directory that the agent works in.
    pub workspace: HostPath,
    /// The commit that was checked out when the session was created.
    pub base_commit: Option<String>,
    /// The git setup; `None` without git.
    pub git: Option<GitSide>,
    /// Numbers of carried files.
    pub carried: CarriedCounts,
    /// Files that were not carried, with reasons.
    pub not_carried: Vec<NotCarried>,
    /// Carried files whose names suggest secrets.
    pub secrets: Vec<RelPath>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// The protection of the last command.
    pub protection: Protection,
    /// The confinement that every command of the session gets.
    #[serde(default)]
    pub confinement: Confinement,
    /// Changes outside of the workspace that were found while commands of this session ran.
    #[serde(default)]
    pub escapes: Vec<Escape>,
    /// The last command.
    pub command: Option<CommandRecord>,
    /// The machine that the session was created on. Other machines leave it alone.
    pub host: String,
}

/// The reason why a record was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file could not be read or written.
    #[error("cannot read or write {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The content is invalid.
    #[error("{path} is damaged or was written by another version of this program")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// The format is newer than this program.
    #[error("{path} was written by a newer version of this program (record version {found})")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the format.
        found: u64,
    },
}

impl Session {
    /// The version of the record format that this program writes.
    pub const SCHEMA: u32 = SCHEMA;

    /// Returns the roots of the project and the workspace.
    pub fn roots(&self) -> Roots {
        Roots { project: self.project.0.clone(), workspace: self.workspace.0.clone() }
    }

    /// Writes the record atomically into a session's directory.
    pub fn save(&self, dir: &Path) -> Result<(), SaveError> {
        write_json(&dir.join("session.json"), self)
    }

    /// Reads the record from a session's directory.
    pub fn load(dir: &Path) -> Result<Self, SaveError> {
        let path = dir.join("session.json");
        let value: serde_json::Value = read_json(&path)?;
        let found = value["schema"].as_u64().unwrap_or(0);
        if found > u64::from(SCHEMA) {
            return Err(SaveError::Newer { path, found });
        }
        serde_json::from_value(value).map_err(|source| SaveError::Damaged { path, source })
    }

    /// Returns the id, followed by the name if there is one.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.id),
            None => self.id.clone(),
        }
    }
}

/// Writes a JSON file atomically: a crash leaves the old content or the new.
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

/// Flushes a directory's entries to disk.
pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::File::open(dir)?.sync_all()
}
