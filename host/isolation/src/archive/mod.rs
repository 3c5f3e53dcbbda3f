//! The end of sessions: discarded ones are archived, archives can be restored, and only old archives that
//! this program created are ever removed.

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

/// Commits of an archived linked work tree, in the session's directory.
const BUNDLE: &str = "commits.bundle";
/// Administrative files of an archived linked work tree, in the session's directory.
const SAVED_ADMIN: &str = "linked-admin";

/// Why a session cannot be archived, restored or removed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The session is in use.
    #[error("session {session} cannot be changed now")]
    Busy {
        /// The session.
        session: String,
        /// The process that uses it.
        #[source]
        source: Busy,
    },
    /// The session is already discarded.
    #[error("session {0} is already discarded")]
    Discarded(String),
    /// The session is not discarded.
    #[error("session {0} is not discarded")]
    NotDiscarded(String),
    /// The file system reported an error.
    #[error("cannot access {path}")]
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A record cannot be read or written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// The baseline cannot be read or written.
    #[error(transparent)]
    Baseline(#[from] LoadError),
    /// Stored bytes cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An unfinished apply cannot be recovered.
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

/// Removes a session from the user's repository: its pin, and a linked work tree's registration. The
/// workspace's files were moved before, or never existed.
fn leave_repository(context: &Context, session: &Session) -> Result<(), ArchiveError> {
    let Some(side) = &session.git else { return Ok(()) };
    if !side.user_common.is_dir() {
        // The repository is gone, including everything added to it.
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

/// Moves a session's directory to the trash, where nothing finds it.
fn to_trash(context: &Context, session: &Session) -> Result<PathBuf, ArchiveError> {
    trash(context, &context.state.session(&session.id))
}

/// Moves a directory of the state directory to the trash.
fn trash(context: &Context, dir: &std::path::Path) -> Result<PathBuf, ArchiveError> {
    let trash = context.state.trash();
    std::fs::create_dir_all(&trash).map_err(io(&trash))?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let place = trash.join(format!("{name}-{}", std::process::id()));
    std::fs::rename(dir, &place).map_err(io(dir))?;
    Ok(place)
}

/// Removes a session whose creation did not finish. No agent ran in it.
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
