//! A linked work tree of the user's own repository, for those who want it in their `git worktree list`.
//! git itself takes no lock on the registry, so that every change to it happens under ours.

use std::path::{Path, PathBuf};

use super::command::{Git, GitError};

/// Registers a workspace: detached, locked against `git worktree prune`, without files.
pub(crate) fn add(
    git: &Git,
    repository: &Path,
    workspace: &Path,
    commit: &str,
) -> Result<(), GitError> {
    git.at(repository)
        .args(["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock"])
        .args(["--reason", "massgen session"])
        .args([workspace])
        .args([commit])
        .output()?;
    Ok(())
}

/// Takes a workspace out of the registry. Its files are somewhere else by now.
pub(crate) fn remove(git: &Git, repository: &Path, workspace: &Path) -> Result<(), GitError> {
    let listed = git.at(repository).args(["worktree", "list", "--porcelain", "-z"]).output()?;
    let wanted = workspace.as_os_str().as_encoded_bytes();
    let registered = super::repository::split_nul(&listed)
        .filter_map(|line| line.strip_prefix(b"worktree "))
        .any(|path| path == wanted);
    if registered {
        git.at(repository)
            .args(["worktree", "remove", "--force", "--force"])
            .args([workspace])
            .output()?;
    }
    Ok(())
}

/// The workspace's own part of the repository.
pub(crate) fn admin(git: &Git, workspace: &Path) -> Result<PathBuf, GitError> {
    use std::os::unix::ffi::OsStringExt;
    let mut said = git.at(workspace).args(["rev-parse", "--absolute-git-dir"]).output()?;
    said.pop();
    Ok(PathBuf::from(std::ffi::OsString::from_vec(said)))
}
