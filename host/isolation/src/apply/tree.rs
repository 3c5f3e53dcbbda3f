//! The user's tree. Every path is resolved component by component below its root, without following links.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use crate::entry::{Content, Hash, Node, Storage};
use crate::mode;
use crate::path::RelPath;
use crate::plan::{PlanError, Target};

/// An open tree.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Tree {
    /// Opens a tree at its root.
    pub fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: rustix::fs::open(root, flags, Mode::empty())? })
    }

    /// Opens a directory below the root.
    pub(super) fn dir(&self, path: &RelPath) -> Result<OwnedFd, Errno> {
        let mut dir = rustix::fs::openat(&self.root, ".", DIRECTORY, Mode::empty())?;
        for part in path.components() {
            // A link on the way is ELOOP or ENOTDIR, depending on the system.
            dir = rustix::fs::openat(&dir, part, DIRECTORY, Mode::empty())
                .map_err(|errno| if errno == Errno::LOOP { Errno::NOTDIR } else { errno })?;
        }
        Ok(dir)
    }

    /// Opens the parent directory of a path.
    pub(super) fn parent(&self, path: &RelPath) -> Result<OwnedFd, Errno> {
        self.dir(&path.parent().unwrap_or_default())
    }

    /// Returns the metadata of a path without following it, or `None` if it does not exist.
    pub(super) fn stat(&self, path: &RelPath) -> Result<Option<Stat>, Errno> {
        if path.is_root() {
            return rustix::fs::fstat(&self.root).map(Some);
        }
        let parent = match self.parent(path) {
            Ok(parent) => parent,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        stat_in(parent.as_fd(), path.name())
    }

    fn look(&self, path: &RelPath) -> io::Result<Option<Node>> {
        let parent = match self.parent(path) {
            Ok(parent) => parent,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        node_in(parent.as_fd(), path.name())
    }
}

/// Returns the metadata of a name in a directory, or `None` if it does not exist.
pub(super) fn stat_in(dir: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Returns whether a name in a directory is a directory.
pub(super) fn is_dir_in(dir: BorrowedFd<'_>, name: &[u8]) -> Result<bool, Errno> {
    let stat = stat_in(dir, name)?;
    Ok(stat.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode).is_dir()))
}

/// Opens a file in a directory for reading, without blocking on a pipe.
pub(super) fn open_in(dir: BorrowedFd<'_>, name: &[u8]) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(dir, name, flags, Mode::empty()).map(File::from)
}

/// Returns the node at a name in a directory, or `None` if it does not exist.
pub(super) fn node_in(dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<Option<Node>> {
    let Some(stat) = stat_in(dir, name)? else { return Ok(None) };
    let mode = mode::of(&stat);
    Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Node::Dir { mode },
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(dir, name, Vec::new())?.into_bytes();
            Node::Link { target }
        }
        FileType::RegularFile => {
            let mut file = open_in(dir, name)?;
            let mut hasher = blake3::Hasher::new();
            let mut chunk = vec![0; 1 << 17];
            let mut size = 0;
            loop {
                let n = file.read(&mut chunk)?;
                if n == 0 {
                    break;
                }
                hasher.update(&chunk[..n]);
                size += n as u64;
            }
            let hash = Hash(*hasher.finalize().as_bytes());
            Node::File { mode, content: Content { size, hash, place: Storage::Workspace } }
        }
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "it is not a file, link or directory",
            ));
        }
    }))
}

/// Renames unless the target exists. Uses a hard link on file systems that cannot do this in one step.
pub(super) fn rename_new(
    (from_dir, from): (BorrowedFd<'_>, &[u8]),
    (to_dir, to): (BorrowedFd<'_>, &[u8]),
) -> Result<(), Errno> {
    match rustix::fs::renameat_with(from_dir, from, to_dir, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => {
            rustix::fs::linkat(from_dir, from, to_dir, to, AtFlags::empty())?;
            rustix::fs::unlinkat(from_dir, from, AtFlags::empty())
        }
        other => other,
    }
}

/// Exchanges two names. Returns `false` if the file system does not support that.
pub(super) fn exchange(
    (from_dir, from): (BorrowedFd<'_>, &[u8]),
    (to_dir, to): (BorrowedFd<'_>, &[u8]),
) -> Result<bool, Errno> {
    match rustix::fs::renameat_with(from_dir, from, to_dir, to, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS) => Ok(false),
        Err(errno) => Err(errno),
    }
}

impl Target for Tree {
    fn node(&self, path: &RelPath) -> Result<Option<Node>, PlanError> {
        self.look(path).map_err(|source| PlanError::Target { path: path.lossy(), source })
    }

    fn bytes(&self, path: &RelPath) -> Result<Vec<u8>, PlanError> {
        let failed = |source| PlanError::Target { path: path.lossy(), source };
        let parent = self.parent(path).map_err(|errno| failed(errno.into()))?;
        let mut bytes = Vec::new();
        open_in(parent.as_fd(), path.name())
            .map_err(io::Error::from)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(failed)?;
        Ok(bytes)
    }

    fn names(&self, path: &RelPath) -> Result<Vec<Vec<u8>>, PlanError> {
        let listed = self.dir(path).and_then(|dir| crate::baseline::list(&dir));
        match listed {
            Ok(names) => Ok(names.into_iter().map(|(name, _)| name).collect()),
            Err(errno) => Err(PlanError::Target { path: path.lossy(), source: errno.into() }),
        }
    }
}
