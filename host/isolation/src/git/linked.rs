//! Linked work trees of the user's own repository, for users who want sessions in their `git worktree list`. git takes no
//! lock on the registry, so every change to it happens under ours.
//!
//! The git directory of a linked work tree is `worktrees/NAME` in the repository. An incomplete one breaks `git worktree
//! list`, so they are added and removed with a single rename.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::command::{Git, GitError};

/// A work tree to register.
pub(crate) struct Registration<'a> {
    /// The user's work tree.
    pub(crate) root: &'a Path,
    /// The future git directory, `worktrees/NAME`, with an unused name.
    pub(crate) admin: &'a Path,
    /// A directory of ours with the same name that does not exist yet.
    pub(crate) scratch: &'a Path,
    /// The workspace.
    pub(crate) workspace: &'a Path,
    /// The commit to check out.
    pub(crate) commit: &'a str,
}

/// Registers a workspace: detached, locked against `git worktree prune`, without files.
///
/// git names a work tree after its directory, and projects often share a name. So git creates one in `scratch`, which is
/// then redirected to the workspace.
pub(crate) fn add(git: &Git, tree: &Registration<'_>) -> Result<(), GitError> {
    git.at(tree.root)
        .args(["-c", "worktree.useRelativePaths=false"])
        .args(["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock"])
        .args(["--reason", "massgen session"])
        .args([tree.scratch])
        .args([tree.commit])
        .output()?;
    let redirect = || {
        let pointer = tree.workspace.join(".git");
        write_atomically(&tree.admin.join("gitdir"), &[pointer.as_os_str().as_bytes(), b"\n"])?;
        write_atomically(&pointer, &[b"gitdir: ", tree.admin.as_os_str().as_bytes(), b"\n"])?;
        fs::remove_dir_all(tree.scratch)
    };
    redirect().map_err(|source| GitError::File { path: tree.admin.to_path_buf(), source })
}

fn write_atomically(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let fresh = temporary_path(path);
    fs::write(&fresh, parts.concat())?;
    fs::rename(&fresh, path)
}

/// Returns whether a repository holds anything of a work tree.
pub(crate) fn is_registered(admin: &Path) -> bool {
    admin.exists() || aside(admin).is_some_and(|place| place.exists())
}

/// Removes a work tree from the registry. Its files have been moved before.
pub(crate) fn remove(admin: &Path) -> io::Result<()> {
    let Some(aside) = aside(admin) else { return Ok(()) };
    remove_if_there(&aside)?;
    if admin.exists() {
        fs::rename(admin, &aside)?;
        fs::remove_dir_all(&aside)?;
    }
    if let Some(registry) = admin.parent() {
        // As git does. Fails if there are other work trees.
        _ = fs::remove_dir(registry);
    }
    Ok(())
}

/// Saves a work tree's git directory to a directory of ours.
pub(crate) fn save(admin: &Path, saved: &Path) -> io::Result<()> {
    let fresh = temporary_path(saved);
    remove_if_there(&fresh)?;
    copy_tree(admin, &fresh)?;
    remove_if_there(saved)?;
    fs::rename(&fresh, saved)
}

/// Restores a saved work tree to the registry.
pub(crate) fn put_back(saved: &Path, admin: &Path) -> io::Result<()> {
    let (Some(registry), Some(aside)) = (admin.parent(), aside(admin)) else { return Ok(()) };
    remove_if_there(&aside)?;
    copy_tree(saved, &aside)?;
    fs::create_dir_all(registry)?;
    fs::rename(&aside, admin)
}

/// Returns the path beside the registry, ignored by git, for a work tree that is being added or removed.
fn aside(admin: &Path) -> Option<PathBuf> {
    let common = admin.parent()?.parent()?;
    let mut name = OsString::from("massgen-");
    name.push(admin.file_name()?);
    Some(common.join(name))
}

/// Returns the temporary path for a new version of a file or directory.
fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".new");
    name.into()
}

fn remove_if_there(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Copies a small tree and flushes it to disk. The agent may have written to it: links are copied as links, pipes and
/// devices are skipped.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}
