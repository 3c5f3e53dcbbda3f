//! Archives a session. Its workspace moves aside by one rename, whatever its size; nothing is deleted.

use super::{ArchiveError, io, leave_repository, lock};
use crate::create::Context;
use crate::git::handover;
use crate::session::{GitKind, Session, State, sync_dir};

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
    let head = handover::head(&context.git, &side.admin)?;
    if head.is_some() && head != session.base_commit {
        let bundle = dir.join("commits.bundle");
        let mut call = context
            .git
            .at(&side.admin)
            .env("GIT_DIR", side.admin.as_os_str())
            .args(["bundle", "create", "-q"])
            .args([&bundle])
            .args(["HEAD"]);
        if let Some(base) = &session.base_commit {
            call = call.args([format!("^{base}")]);
        }
        call.output()?;
    }
    let saved = dir.join("linked-admin");
    if side.admin.is_dir() && !saved.exists() {
        copy_tree(&side.admin, &saved).map_err(io(&saved))?;
    }
    Ok(())
}

/// Copies a small tree of plain files.
pub(super) fn copy_tree(from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
