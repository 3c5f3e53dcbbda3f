//! Archives a session. Its workspace is moved with one rename; nothing is deleted.

use std::path::Path;

use super::{ArchiveError, BUNDLE, SAVED_ADMIN, io, leave_repository, lock};
use crate::context::Context;
use crate::git::{Git, Repository, handover, linked};
use crate::session::{GitKind, GitSide, Session, State, sync_dir};

/// Archives a session and returns its record.
pub fn discard(context: &Context, session: &Session) -> Result<Session, ArchiveError> {
    let _lock = lock(context, session)?;
    let mut session = Session::load(&context.state.session(&session.id))?;
    match session.state {
        State::Discarded => return Err(ArchiveError::Discarded(session.label())),
        State::Creating => {
            super::abandon(context, &session)?;
            session.state = State::Discarded;
            return Ok(session);
        }
        State::Open | State::Applied => {}
    }
    save_linked_commits(context, &session)?;
    session.state = State::Discarded;
    session.discarded_unix_ms = Some(context.now_unix_ms);
    session.save(&context.state.session(&session.id))?;
    put_aside(context, &session)?;
    Ok(session)
}

/// Completes a discard after the record says "discarded". Every step can be repeated, so that `doctor` can
/// call it again after a crash.
pub(super) fn put_aside(context: &Context, session: &Session) -> Result<(), ArchiveError> {
    let dir = context.state.session(&session.id);
    let (workspace, archive) = (dir.join("workspace"), dir.join("archive"));
    if workspace.exists() && !archive.exists() {
        std::fs::rename(&workspace, &archive).map_err(io(&workspace))?;
        sync_dir(&dir).map_err(io(&dir))?;
    }
    leave_repository(context, session)?;
    // Temporary files and private caches hold no work. Files that cannot be removed stay with the archive.
    _ = super::gc::remove_tree(&dir.join("scratch"));
    Ok(())
}

/// Saves a linked work tree's commits, which only its `HEAD` references, and its part of the user's
/// repository.
fn save_linked_commits(context: &Context, session: &Session) -> Result<(), ArchiveError> {
    let Some(side) = session.git.as_ref().filter(|side| side.kind == GitKind::Linked) else {
        return Ok(());
    };
    let dir = context.state.session(&session.id);
    if handover::head(&context.git, side)?.is_some() {
        bundle_commits(&context.git, side, session.base_commit.as_deref(), &dir.join(BUNDLE))?;
    }
    if side.admin.is_dir() {
        let saved = dir.join(SAVED_ADMIN);
        linked::save(&side.admin, &saved).map_err(io(&saved))?;
    }
    Ok(())
}

/// Bundles the commits of `HEAD` since the session's base commit, or all of them if the base was
/// garbage-collected.
fn bundle_commits(
    git: &Git,
    side: &GitSide,
    base: Option<&str>,
    bundle: &Path,
) -> Result<(), ArchiveError> {
    let at = || git.at(&side.admin).env("GIT_DIR", side.admin.as_os_str());
    let there = match base {
        Some(base) => Repository::commit(git, &side.user_common, base)?,
        None => None,
    };
    let but: Vec<String> = there.into_iter().map(|base| format!("^{base}")).collect();
    // git refuses to create an empty bundle.
    if at().args(["rev-list", "-n", "1", "HEAD"]).args(&but).output()?.is_empty() {
        return Ok(());
    }
    at().args(["bundle", "create", "-q"]).args([bundle]).args(["HEAD"]).args(&but).output()?;
    Ok(())
}
