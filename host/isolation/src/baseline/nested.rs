//! Recognises repositories inside the tree: submodules and unregistered clones.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::small_file::{self, POINTER_BYTES_MAX};

/// What the `.git` of a directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nested {
    /// A directory. The repository is carried as files.
    Whole,
    /// A file pointing to a git directory, as in submodules. The workspace gets a private repository.
    Pointer,
    /// A linked work tree of some repository, probably another agent's. Not carried.
    OtherWorktree,
}

/// Inspects the `.git` of a directory below the root.
pub(super) fn inspect(dir: &Path) -> Option<Nested> {
    let git = dir.join(".git");
    let meta = git.symlink_metadata().ok()?;
    if meta.is_dir() {
        return git.join("HEAD").exists().then_some(Nested::Whole);
    }
    let pointer = pointer_of(&git)?;
    let admin = pointer.parent().is_some_and(|parent| parent.ends_with("worktrees"));
    Some(if admin { Nested::OtherWorktree } else { Nested::Pointer })
}

/// Returns the target of a `.git` file.
fn pointer_of(file: &Path) -> Option<PathBuf> {
    let bytes = small_file::read(file, POINTER_BYTES_MAX).ok()?;
    let target = bytes.strip_prefix(b"gitdir: ")?;
    let target = target.strip_suffix(b"\n").unwrap_or(target);
    Some(file.parent()?.join(std::ffi::OsStr::from_bytes(target)))
}
