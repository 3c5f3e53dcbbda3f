//! The only way in which this crate replaces a file: readers and crashes see the old content or the new.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::mode;

/// Whether a written file must survive a power cut at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The file and its directory are synced before the call returns.
    Synced,
    /// The caller syncs later, for example once for thousands of files.
    Deferred,
}

/// Replaces the file at `path` with `bytes`, with the guarantees of [`AtomicFile`]. The file is readable and
/// writable for its owner only.
pub(crate) fn write(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = AtomicFile::create_in(path.parent().unwrap_or(Path::new(".")))?;
    file.as_file().write_all(bytes)?;
    file.commit(name.as_bytes(), durability)
}

/// A file that appears under its name complete or not at all.
///
/// - The bytes go to a temporary file with a random name, in the directory of the target unless the caller
///   chooses another one on the same file system.
/// - The temporary file is created exclusively and without following a link, readable by its owner only.
/// - On commit, it is synced, renamed over the target and the directory is synced ([`Durability::Synced`]).
///   The rename replaces a link instead of following it.
/// - Unless it is committed, the temporary file is removed on drop. After a crash it may stay.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    dir: OwnedFd,
    temporary: String,
    file: File,
    committed: bool,
}

impl AtomicFile {
    /// Creates a temporary file in the directory at `dir`.
    pub(crate) fn create_in(dir: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self::create_at(rustix::fs::open(dir, flags, Mode::empty())?)
    }

    /// Creates a temporary file in an open directory.
    pub(crate) fn create_at(dir: OwnedFd) -> io::Result<Self> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let temporary = format!(".massgen-{:016x}.tmp", random());
            match rustix::fs::openat(&dir, &temporary, flags, mode::system(0o600)) {
                Ok(file) => {
                    let file = File::from(file);
                    return Ok(Self { dir, temporary, file, committed: false });
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Returns the temporary file.
    pub(crate) fn as_file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives the file its name in the directory it was created in.
    pub(crate) fn commit(self, name: &[u8], durability: Durability) -> io::Result<()> {
        let dir = self.dir.try_clone()?;
        self.commit_to(&dir, name, durability)
    }

    /// Gives the file its name in another directory of the same file system.
    pub(crate) fn commit_to(
        mut self,
        dir: &OwnedFd,
        name: &[u8],
        durability: Durability,
    ) -> io::Result<()> {
        if durability == Durability::Synced {
            self.file.sync_all()?;
        }
        rustix::fs::renameat(&self.dir, &self.temporary, dir.as_fd(), name)?;
        self.committed = true;
        if durability == Durability::Synced {
            rustix::fs::fsync(dir)?;
        }
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            _ = rustix::fs::unlinkat(&self.dir, &self.temporary, AtFlags::empty());
        }
    }
}

/// Returns a number that other processes cannot guess: the standard library seeds its hashers randomly.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_write_replaces_a_link_and_leaves_no_temporary_file() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, victim) = (dir.path().join("file"), outside.path().join("victim"));
        std::fs::write(&victim, "untouched").unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        for durability in [Durability::Synced, Durability::Deferred] {
            write(&path, b"new", durability).unwrap();
            assert!(!path.is_symlink());
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"untouched");
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn an_uncommitted_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create_in(dir.path()).unwrap();
        file.as_file().write_all(b"half").unwrap();
        assert_eq!(names(dir.path()).len(), 1);
        drop(file);
        assert!(names(dir.path()).is_empty());
    }
}
