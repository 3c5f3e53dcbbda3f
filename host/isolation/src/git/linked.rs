//! A linked work tree of the user's own repository, for those who want it in their `git worktree list`.
//! git itself takes no lock on the registry, so that every change to it happens under ours.
//!
//! What a work tree has of its own lies in `worktrees/NAME` of the repository. Half of one breaks `git worktree
//! list` for the user, so that ours leave, and come back, by one rename.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::command::{Git, GitError};

/// What is to be registered.
pub(crate) struct Registration<'a> {
    /// The user's work tree.
    pub(crate) root: &'a Path,
    /// Where the part of its own will be: `worktrees/NAME`, a name that nobody else has.
    pub(crate) admin: &'a Path,
    /// A directory of ours that is not there yet, of the same name.
    pub(crate) scratch: &'a Path,
    /// The workspace.
    pub(crate) workspace: &'a Path,
    /// The commit that it stands on.
    pub(crate) commit: &'a str,
}

/// Registers a workspace: detached, locked against `git worktree prune`, without files.
///
/// git calls a work tree after its directory, and directories of projects of one name are many. So it makes
/// one elsewhere, which is led to the workspace.
pub(crate) fn add(git: &Git, tree: &Registration<'_>) -> Result<(), GitError> {
    git.at(tree.root)
        .args(["-c", "worktree.useRelativePaths=false"])
        .args(["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock"])
        .args(["--reason", "massgen session"])
        .args([tree.scratch])
        .args([tree.commit])
        .output()?;
    let lead = || {
        let pointer = tree.workspace.join(".git");
        write_at_once(&tree.admin.join("gitdir"), &[pointer.as_os_str().as_bytes(), b"\n"])?;
        write_at_once(&pointer, &[b"gitdir: ", tree.admin.as_os_str().as_bytes(), b"\n"])?;
        fs::remove_dir_all(tree.scratch)
    };
    lead().map_err(|source| GitError::File { path: tree.admin.to_path_buf(), source })
}

fn write_at_once(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let fresh = new_beside(path);
    fs::write(&fresh, parts.concat())?;
    fs::rename(&fresh, path)
}

/// Whether the repository has anything of a work tree.
pub(crate) fn is_registered(admin: &Path) -> bool {
    admin.exists() || aside(admin).is_some_and(|place| place.exists())
}

/// Takes a work tree out of the registry. Its files are somewhere else by now.
pub(crate) fn remove(admin: &Path) -> io::Result<()> {
    let Some(aside) = aside(admin) else { return Ok(()) };
    remove_if_there(&aside)?;
    if admin.exists() {
        fs::rename(admin, &aside)?;
        fs::remove_dir_all(&aside)?;
    }
    if let Some(registry) = admin.parent() {
        // As git does; other work trees keep it.
        _ = fs::remove_dir(registry);
    }
    Ok(())
}

/// Keeps what a work tree has of its own in a directory of ours.
pub(crate) fn save(admin: &Path, saved: &Path) -> io::Result<()> {
    let fresh = new_beside(saved);
    remove_if_there(&fresh)?;
    copy_tree(admin, &fresh)?;
    remove_if_there(saved)?;
    fs::rename(&fresh, saved)
}

/// Registers a work tree again.
pub(crate) fn put_back(saved: &Path, admin: &Path) -> io::Result<()> {
    let (Some(registry), Some(aside)) = (admin.parent(), aside(admin)) else { return Ok(()) };
    remove_if_there(&aside)?;
    copy_tree(saved, &aside)?;
    fs::create_dir_all(registry)?;
    fs::rename(&aside, admin)
}

/// Beside the registry, where git does not look: a work tree's part on its way in or out.
fn aside(admin: &Path) -> Option<PathBuf> {
    let common = admin.parent()?.parent()?;
    let mut name = OsString::from("massgen-");
    name.push(admin.file_name()?);
    Some(common.join(name))
}

/// Where the successor of a file or a directory is made.
fn new_beside(path: &Path) -> PathBuf {
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

/// Copies a small tree, onto the disk. An agent could write there: what a link leads to is nobody's to copy,
/// and nothing is read from pipes and devices.
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
