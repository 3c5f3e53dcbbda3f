//! Where everything is kept. Nothing of it lies inside a project.

use std::path::{Path, PathBuf};

/// The state directory's layout:
///
/// ```text
/// isolation/
///   sessions/<id>/session.json     the record
///                 lock             held while a command runs or the session is changed
///                 baseline         what it began from
///                 store/           its bytes
///                 repository.git   the private repository
///                 workspace/<name> where the agent works
///                 archive/<name>   the same, after it was discarded
///                 applies/<n>/     journals
///   teams/<id>/repository.git      a private repository that several sessions share
///   locks/                         one for each user's repository
///   incoming/                      sessions whose first record is being written
///   trash/                         what is being removed
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
}

impl StateDir {
    /// `base`: `$XDG_STATE_HOME/massgen`, or what stands for it. Created when it is first needed.
    pub fn new(base: &Path) -> Self {
        Self { root: base.join("isolation") }
    }

    /// Makes the directories. Only the user may look into them: they hold copies of the user's work.
    pub fn create(&self) -> std::io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        for dir in [self.sessions(), self.locks(), self.incoming(), self.trash()] {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        Ok(())
    }

    /// The top.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All sessions.
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// One session.
    pub fn session(&self, id: &str) -> PathBuf {
        self.sessions().join(id)
    }

    /// A repository that several sessions share.
    pub(crate) fn team(&self, id: &str) -> PathBuf {
        self.teams().join(id)
    }

    /// All of those.
    pub(crate) fn teams(&self) -> PathBuf {
        self.root.join("teams")
    }

    /// Locks of users' repositories.
    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// Sessions whose first record is being written.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    /// What is being removed.
    pub fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// The lock of a user's repository: git takes none for its registry of work trees.
    pub(crate) fn repository_lock(&self, common: &Path) -> PathBuf {
        let name = blake3::hash(common.as_os_str().as_encoded_bytes()).to_hex();
        self.locks().join(format!("{}.lock", &name[..32]))
    }
}
