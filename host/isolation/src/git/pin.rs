//! The ref that a session adds to the user's repository: it protects the base commit from garbage collection while a
//! private repository borrows it.

use std::path::Path;

use super::command::{Git, GitError};

/// Returns the ref of a session. Outside of `refs/heads`, it is not listed as a branch and can't collide with one.
pub(crate) fn ref_of(session: &str) -> String {
    format!("refs/massgen/sessions/{session}")
}

/// Creates the pin.
pub(crate) fn set(
    git: &Git,
    repository: &Path,
    session: &str,
    commit: &str,
) -> Result<(), GitError> {
    git.at(repository).args(["update-ref", "--no-deref", &ref_of(session), commit]).output()?;
    Ok(())
}

/// Removes the pin if it exists.
pub(crate) fn clear(
    git: &Git,
    repository: &Path,
    common: &Path,
    session: &str,
) -> Result<(), GitError> {
    let name = ref_of(session);
    if git.at(repository).args(["rev-parse", "-q", "--verify", &name]).answer()?.is_some() {
        git.at(repository).args(["update-ref", "--no-deref", "-d", &name]).output()?;
    }
    // git leaves empty directories behind. Fails if other sessions have pins.
    for dir in ["refs/massgen/sessions", "refs/massgen"] {
        _ = std::fs::remove_dir(common.join(dir));
    }
    Ok(())
}

/// Returns the sessions that have a pin in a repository.
pub(crate) fn list(git: &Git, repository: &Path) -> Result<Vec<String>, GitError> {
    let listed = git
        .at(repository)
        .args(["for-each-ref", "--format=%(refname)", "refs/massgen/sessions/"])
        .output()?;
    let text = String::from_utf8_lossy(&listed);
    Ok(text
        .lines()
        .filter_map(|l| l.strip_prefix("refs/massgen/sessions/"))
        .map(String::from)
        .collect())
}
