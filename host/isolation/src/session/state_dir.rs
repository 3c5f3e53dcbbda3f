//! The layout of the state directory. None of it lies inside a project.

use std::path::{Path, PathBuf};

/// Paths within the state directory:
///
/// ```text
/// isolation/
///   sessions/<id>/session.json     record
///                 lock             held while a command runs or the session changes
///                 baseline         paths, permissions and hashes at the start
///                 store/           bytes of the baseline and of later versions
///                 repository.git   private repository
///                 workspace/<name> directory that the agent works in
///                 archive/<name>   workspace of a discarded session
///                 applies/<n>/     journals
///   teams/<id>/repository.git      private repository that several sessions share
///   locks/                         one lock for each of the user's repositories
///   incoming/                      sessions without a complete first record
///   trash/                         directories that are being deleted
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// Creates a layout below `base`, usually `$XDG_STATE_HOME/massgen`. Touches no files.
    pub fn new(base: &Path) -> Self {
        Self { root: base.join("isolation") }
    }

    /// Creates the directories, readable by the user only: they hold copies of the user's work.
    pub fn create(&self) -> std::io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        for dir in [self.sessions(), self.locks(), self.incoming(), self.trash()] {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        Ok(())
    }

    /// Returns the top directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory of all sessions.
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// Returns the directory of a session.
    pub fn session(&self, id: &str) -> PathBuf {
        self.sessions().join(id)
    }

    /// Returns the directory of a repository that several sessions share.
    pub(crate) fn team(&self, id: &str) -> PathBuf {
        self.teams().join(id)
    }

    /// Returns the directory of all shared repositories.
    pub(crate) fn teams(&self) -> PathBuf {
        self.root.join("teams")
    }

    /// Returns the directory of the locks of users' repositories.
    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// Returns the directory of sessions without a complete first record.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// Returns the directory of files that are being deleted.
    pub fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// Returns the lock file of a user's repository. git itself takes no lock on its registry of work trees.
    pub(crate) fn repository_lock(&self, common: &Path) -> PathBuf {
        let name = blake3::hash(common.as_os_str().as_encoded_bytes()).to_hex();
        self.locks().join(format!("{}.lock", &name[..32]))
    }
}
