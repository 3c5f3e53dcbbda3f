//! Archives a session. Its workspace moves aside by one rename, whatever its size; nothing is deleted.

use std::path::Path;

use super::{ArchiveError, BUNDLE, SAVED_ADMIN, io, leave_repository, lock};
use crate::context::Context;
use crate::git::{Git, Repository, handover, linked};
use crate::session::{GitKind, GitSide, Session, State, sync_dir};

/// Archives a session; gives its record.
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

/// What follows once the record says "discarded". Each part is done or to be done; `doctor` calls it
/// again after a crash.
pub(super) fn put_aside(context: &Context, session: &Session) -> Result<(), ArchiveError> {
    let dir = context.state.session(&session.id);
    let (workspace, archive) = (dir.join("workspace"), dir.join("archive"));
    if workspace.exists() && !archive.exists() {
        std::fs::rename(&workspace, &archive).map_err(io(&workspace))?;
        sync_dir(&dir).map_err(io(&dir))?;
    }
    leave_repository(context, session)?;
    // Temporary files and private caches are nobody's work. What can't be removed goes with the archive.
    _ = super::gc::remove_tree(&dir.join("scratch"));
    Ok(())
}

/// A linked work tree's commits hang on its `HEAD` alone. They are bundled, and its part of the
/// repository is copied, before either goes.
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

/// Packs what the work tree's `HEAD` has beyond the commit that the session began from, or all of it, if that
/// one was collected since.
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
    // git makes no bundle of nothing.
    if at().args(["rev-list", "-n", "1", "HEAD"]).args(&but).output()?.is_empty() {
        return Ok(());
    }
    at().args(["bundle", "create", "-q"]).args([bundle]).args(["HEAD"]).args(&but).output()?;
    Ok(())
}
