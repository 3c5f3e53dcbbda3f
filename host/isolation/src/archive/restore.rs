//! Restores a discarded session: its workspace, its place in git, and the files that thinning removed.

use std::io::Write;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};

use super::thin::LIST;
use super::{ArchiveError, BUNDLE, SAVED_ADMIN, io, lock};
use crate::atomic_write::{AtomicFile, Durability};
use crate::baseline::{self, Baseline};
use crate::context::Context;
use crate::entry::{Node, Stamp};
use crate::git::{Git, GitError, Repository, linked, pin};
use crate::mode;
use crate::path::RelPath;
use crate::session::{GitKind, GitSide, Lock, Session, State, read_json};
use crate::store::Store;

/// Restores a session and returns its record.
pub fn restore(context: &Context, session: &Session) -> Result<Session, ArchiveError> {
    let _lock = lock(context, session)?;
    let dir = context.state.session(&session.id);
    let mut session = Session::load(&dir)?;
    if session.state != State::Discarded {
        return Err(ArchiveError::NotDiscarded(session.label()));
    }
    let (workspace, archive) = (dir.join("workspace"), dir.join("archive"));
    if archive.exists() && !workspace.exists() {
        std::fs::rename(&archive, &workspace).map_err(io(&archive))?;
    }
    refill(&session, &dir)?;
    rejoin_repository(context, &mut session, &dir)?;
    session.state = State::Open;
    session.discarded_unix_ms = None;
    session.save(&dir)?;
    // Until here, a crash leaves a valid archive.
    _ = std::fs::remove_file(dir.join(BUNDLE));
    _ = std::fs::remove_dir_all(dir.join(SAVED_ADMIN));
    Ok(session)
}

/// Writes the files that thinning removed, and stamps them.
fn refill(session: &Session, dir: &Path) -> Result<(), ArchiveError> {
    let list = dir.join(LIST);
    if !list.exists() {
        return Ok(());
    }
    let path = dir.join("baseline");
    let mut baseline = baseline::load(&path)?;
    let store = Store::new(dir);
    for path in read_json::<Vec<RelPath>>(&list)? {
        let file = session.workspace.join(path.as_path());
        if file.symlink_metadata().is_err() {
            refill_file(&mut baseline, &store, &path, (dir, &file))?;
        }
    }
    baseline::save(&baseline, &path)?;
    std::fs::remove_file(&list).map_err(io(&list))
}

fn refill_file(
    baseline: &mut Baseline,
    store: &Store,
    path: &RelPath,
    (dir, file): (&Path, &Path),
) -> Result<(), ArchiveError> {
    let Ok(at) = baseline.entries.binary_search_by(|entry| entry.path.cmp(path)) else {
        return Ok(());
    };
    let entry = &mut baseline.entries[at];
    let Node::File { mode, content } = &entry.node else { return Ok(()) };
    let bytes = store.read(content)?;
    let failed = |source| ArchiveError::Io { path: file.to_path_buf(), source };
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let place = || -> std::io::Result<Stamp> {
        // Written outside the workspace: a file left by a crash there would look like the agent's work.
        let mut out = AtomicFile::create_in(dir)?;
        out.as_file().write_all(&bytes)?;
        rustix::fs::fchmod(out.as_file(), mode::system(*mode))?;
        let ns = entry.stamp.mtime_ns;
        let time = Timespec {
            tv_sec: ns.div_euclid(1_000_000_000),
            tv_nsec: ns.rem_euclid(1_000_000_000),
        };
        let times = Timestamps { last_access: time, last_modification: time };
        rustix::fs::futimens(out.as_file(), &times)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let parent = rustix::fs::open(file.parent().unwrap_or(dir), flags, Mode::empty())?;
        out.commit_to(&parent, path.name(), Durability::Synced)?;
        let stat = rustix::fs::statat(&parent, path.name(), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Stamp::from(&stat))
    };
    entry.stamp = place().map_err(failed)?;
    Ok(())
}

fn rejoin_repository(
    context: &Context,
    session: &mut Session,
    dir: &Path,
) -> Result<(), ArchiveError> {
    let id = session.id.clone();
    let label = session.label();
    let Some(side) = &mut session.git else { return Ok(()) };
    if !side.user_common.is_dir() {
        session
            .notes
            .push("the project's repository is gone: git does not work in the workspace".into());
        return Ok(());
    }
    let _registry = Lock::wait(&context.state.repository_lock(&side.user_common))
        .map_err(|source| ArchiveError::Busy { session: label, source })?;
    let git = &context.git;
    let Some(base) = session.base_commit.clone() else { return Ok(()) };
    let is_back = match side.kind {
        GitKind::Linked => register_again(git, side, &base, dir)?,
        _ if Repository::commit(git, &side.user_common, &base)?.is_none() => {
            side.pinned = false;
            false
        }
        _ => pin::set(git, &side.user_common, &id, &base).map(|()| true)?,
    };
    if !is_back {
        session.notes.push(format!("commit {base} is gone from the project's repository: git does not work in the workspace, but its files are complete"));
    }
    Ok(())
}

/// Restores a linked work tree's commits and registration. Returns `false` if commits that they build on are
/// missing.
fn register_again(git: &Git, side: &GitSide, base: &str, dir: &Path) -> Result<bool, ArchiveError> {
    let (bundle, saved) = (dir.join(BUNDLE), dir.join(SAVED_ADMIN));
    if bundle.exists() {
        let unpack = git.at(&side.user_common).args(["bundle", "unbundle"]).args([&bundle]);
        match unpack.output() {
            Err(GitError::Failed { .. }) => return Ok(false),
            unpacked => _ = unpacked?,
        }
    } else if Repository::commit(git, &side.user_common, base)?.is_none() {
        return Ok(false);
    }
    if saved.is_dir() && !side.admin.exists() {
        linked::put_back(&saved, &side.admin).map_err(io(&side.admin))?;
    }
    Ok(true)
}
