//! Repositories inside the tree: submodules, and clones that nobody registered.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::small_file::{self, POINTER_BYTES_MAX};

/// What a directory's `.git` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nested {
    /// A directory: the repository is carried along as files.
    Whole,
    /// A file that points to a git directory: a submodule. The workspace gets a private one.
    Pointer,
    /// A work tree of some repository, most likely another agent's: not carried.
    OtherWorktree,
}

/// Looks at the `.git` of a directory below the root.
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

/// Where a `.git` file points.
fn pointer_of(file: &Path) -> Option<PathBuf> {
    let bytes = small_file::read(file, POINTER_BYTES_MAX).ok()?;
    let target = bytes.strip_prefix(b"gitdir: ")?;
    let target = target.strip_suffix(b"\n").unwrap_or(target);
    Some(file.parent()?.join(std::ffi::OsStr::from_bytes(target)))
}
