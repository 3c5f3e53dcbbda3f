//! What becomes of sessions: discarded ones are archived, archives can be restored, and only what is
//! archived, old and provably ours is ever removed.

mod applies;
mod discard;
mod doctor;
mod gc;
mod restore;
mod thin;

use std::path::PathBuf;

pub use discard::discard;
pub use doctor::{Defect, Diagnosis, doctor};
pub use gc::{GcReport, empty_trash, gc};
pub use restore::restore;

use crate::apply::RecoverError;
use crate::baseline::LoadError;
use crate::context::Context;
use crate::git::{GitError, linked, pin};
use crate::session::{Busy, GitKind, Lock, SaveError, Session};
use crate::store::StoreError;

/// Commits of a linked work tree, in the session's directory while it is archived.
const BUNDLE: &str = "commits.bundle";
/// What a linked work tree has of its own, likewise.
const SAVED_ADMIN: &str = "linked-admin";

/// Why a session can't be put away, brought back or removed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is in use.
    #[error("session {session} can't be touched now")]
    Busy {
        /// The session.
        session: String,
        /// Who uses it.
        #[source]
        source: Busy,
    },
    /// It is discarded already.
    #[error("session {0} is discarded already")]
    Discarded(String),
    /// It is not discarded.
    #[error("session {0} is not discarded")]
    NotDiscarded(String),
    /// The file system said no.
    #[error("{path} can't be used")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The record can't be read or written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// The baseline can't be read or written.
    #[error(transparent)]
    Baseline(#[from] LoadError),
    /// Kept bytes can't be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An unfinished apply can't be mended.
    #[error(transparent)]
    Recover(#[from] RecoverError),
}

fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    let path = path.to_path_buf();
    move |source| ArchiveError::Io { path, source }
}

fn lock(context: &Context, session: &Session) -> Result<Lock, ArchiveError> {
    Lock::take(&context.state.session(&session.id).join("lock"))
        .map_err(|source| ArchiveError::Busy { session: session.label(), source })
}

/// Takes the session's traces out of the user's repository: the pin, and a linked work tree's place in
/// the registry. The workspace's files are somewhere else by now, or never were.
fn leave_repository(context: &Context, session: &Session) -> Result<(), ArchiveError> {
    let Some(side) = &session.git else { return Ok(()) };
    if !side.user_common.is_dir() {
        // The repository is gone, and with it what we put there.
        return Ok(());
    }
    let _registry = Lock::wait(&context.state.repository_lock(&side.user_common))
        .map_err(|source| ArchiveError::Busy { session: session.label(), source })?;
    if side.kind == GitKind::Linked {
        linked::remove(&side.admin).map_err(io(&side.admin))?;
    }
    if side.pinned {
        pin::clear(&context.git, &side.user_common, &side.user_common, &session.id)?;
    }
    Ok(())
}

/// Moves a session's directory to where it is removed from. From then on nothing finds it.
fn to_trash(context: &Context, session: &Session) -> Result<PathBuf, ArchiveError> {
    trash(context, &context.state.session(&session.id))
}

/// Moves a directory of ours to where it is removed from.
fn trash(context: &Context, dir: &std::path::Path) -> Result<PathBuf, ArchiveError> {
    let trash = context.state.trash();
    std::fs::create_dir_all(&trash).map_err(io(&trash))?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let place = trash.join(format!("{name}-{}", std::process::id()));
    std::fs::rename(dir, &place).map_err(io(dir))?;
    Ok(place)
}

/// Takes back a session that was not made to its end: no agent ever ran in it.
pub fn abandon(context: &Context, session: &Session) -> Result<(), ArchiveError> {
    let dir = context.state.session(&session.id);
    let workspace = dir.join("workspace");
    let linked = session.git.as_ref().is_some_and(|side| side.kind == GitKind::Linked);
    if linked && workspace.exists() {
        let aside = dir.join("abandoned");
        std::fs::rename(&workspace, &aside).map_err(io(&workspace))?;
    }
    leave_repository(context, session)?;
    let place = to_trash(context, session)?;
    gc::remove_tree(&place).map_err(io(&place))
}
