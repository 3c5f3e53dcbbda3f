//! The one ref that a session puts into the user's repository: it keeps the base commit from being
//! collected while a private repository borrows it.

use std::path::Path;

use super::command::{Git, GitError};

/// The ref of a session. Outside `refs/heads`: no branch list shows it, and no branch can collide with it.
pub(crate) fn ref_of(session: &str) -> String {
    format!("refs/massgen/sessions/{session}")
}

/// Pins a commit.
pub(crate) fn set(
    git: &Git,
    repository: &Path,
    session: &str,
    commit: &str,
) -> Result<(), GitError> {
    git.at(repository).args(["update-ref", "--no-deref", &ref_of(session), commit]).output()?;
    Ok(())
}

/// Takes the pin out. One that is gone already is fine.
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
    // git leaves directories behind; the last session takes them along. One that is not empty stays.
    for dir in ["refs/massgen/sessions", "refs/massgen"] {
        _ = std::fs::remove_dir(common.join(dir));
    }
    Ok(())
}

/// Sessions that have a pin in a repository.
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
