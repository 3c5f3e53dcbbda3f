//! Lets the user edit a file that the agent wrote: on a copy, so that the editor cannot be redirected, and
//! kept next to the agent's version.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::atomic_write::{AtomicFile, Durability};
use crate::beneath;
use crate::changes::Opened;
use crate::changeset::{Change, CompareError, Source};
use crate::entry::{Content, Node};
use crate::mode;
use crate::path::RelPath;

/// An edit in progress. `edits/<n>/before` holds the agent's file, `edits/<n>/after` the user's.
#[derive(Debug)]
pub struct Edit {
    path: RelPath,
    before: Content,
    mode: u32,
    dir: PathBuf,
    file: PathBuf,
}

/// Why a file cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The change has no text file to edit.
    #[error("cannot edit {path}: {why}")]
    NoFile {
        /// The path.
        path: String,
        /// The cause.
        why: &'static str,
    },
    /// The file changed in the workspace during the edit.
    #[error("{path} changed in the workspace during the edit; your version is in {kept}")]
    Moving {
        /// The path.
        path: String,
        /// Path of the edited file.
        kept: PathBuf,
    },
    /// The file's bytes cannot be read.
    #[error(transparent)]
    Source(#[from] CompareError),
    /// The file system reported an error.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> EditError {
    let path = path.to_path_buf();
    move |source| EditError::Io { path, source }
}

impl Edit {
    /// Copies the agent's version for the editor.
    pub fn begin(opened: &Opened, change: &Change) -> Result<Self, EditError> {
        let refuse = |why| EditError::NoFile { path: change.path.lossy(), why };
        let (before, mode) = match &change.new {
            Some(Node::File { content, mode }) => (*content, *mode),
            Some(Node::Link { .. }) => return Err(refuse("it is a link")),
            Some(Node::Dir { .. }) => return Err(refuse("it is a directory")),
            None => return Err(refuse("the agent deleted it")),
        };
        let bytes = opened.bytes(&change.path, &before)?;
        if bytes.contains(&0) {
            return Err(refuse("it is binary"));
        }
        let edits = opened.dir.join("edits");
        std::fs::create_dir_all(&edits).map_err(io(&edits))?;
        let dir = (1..)
            .map(|n: u32| edits.join(n.to_string()))
            .find(|dir| !dir.exists())
            .unwrap_or_else(|| edits.join("0"));
        let name = std::ffi::OsStr::from_bytes(change.path.name());
        for side in ["before", "after"] {
            let side = dir.join(side);
            std::fs::create_dir_all(&side).map_err(io(&side))?;
            std::fs::write(side.join(name), &bytes).map_err(io(&side))?;
        }
        let file = dir.join("after").join(name);
        Ok(Self { path: change.path.clone(), before, mode, dir, file })
    }

    /// Returns the file to open in the editor.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Moves the edited file into the workspace. Returns `false` if it was not changed.
    pub fn finish(self, opened: &Opened) -> Result<bool, EditError> {
        let bytes = std::fs::read(&self.file).map_err(io(&self.file))?;
        if crate::entry::Hash::of(&bytes) == self.before.hash {
            _ = std::fs::remove_dir_all(&self.dir);
            return Ok(false);
        }
        let now = opened.look(&self.path)?.content;
        if now != self.before {
            return Err(EditError::Moving { path: self.path.lossy(), kept: self.file });
        }
        let path = opened.roots().workspace.join(self.path.as_path());
        self.put(opened, &bytes).map_err(io(&path))?;
        Ok(true)
    }

    /// Replaces the workspace's file atomically, without following links.
    fn put(&self, opened: &Opened, bytes: &[u8]) -> std::io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root: OwnedFd = rustix::fs::open(&opened.roots().workspace, flags, Mode::empty())?;
        let dir = beneath::open_dir(&root, &self.path.parent().unwrap_or_default())?;
        let mut file = AtomicFile::create_at(dir)?;
        file.as_file().write_all(bytes)?;
        rustix::fs::fchmod(file.as_file(), mode::system(self.mode))?;
        file.commit(self.path.name(), Durability::Synced)
    }
}
