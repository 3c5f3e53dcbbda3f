//! Removes archives that are old enough and were created by this program, and shrinks the others.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::thin::thin;
use super::{ArchiveError, applies, io as io_at, to_trash, trash};
use crate::context::Context;
use crate::session::{Lock, Session, State, list};

/// The result of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GcReport {
    /// Sessions whose archives were removed.
    pub removed: Vec<String>,
    /// Numbers of applies that can no longer be undone.
    pub applies: Vec<String>,
    /// Sessions that were kept, with the reason. `applies` stands for records of applies that cannot be read.
    pub kept: Vec<(String, String)>,
    /// Bytes that were freed, or would be.
    pub bytes: u64,
}

/// Removes archives discarded at least `older_than_ms` ago, and the undo data of applies of that age whose
/// sessions are gone, except for each project's newest. With `dry_run`, only reports them.
pub fn gc(context: &Context, older_than_ms: i64, dry_run: bool) -> Result<GcReport, ArchiveError> {
    let mut collected = GcReport::default();
    let (sessions, broken) = list(&context.state);
    for (id, error) in broken {
        collected.kept.push((id, error.to_string()));
    }
    for session in sessions {
        match keep_reason(context, &session, older_than_ms) {
            Some(reason) => {
                if session.state == State::Discarded && session.host == context.host && !dry_run {
                    collected.bytes += thin_if_free(context, &session)?;
                }
                collected.kept.push((session.id, reason));
            }
            None => remove(context, session, dry_run, &mut collected)?,
        }
    }
    applies::remove(
        context,
        &retention(context, older_than_ms, &collected),
        dry_run,
        &mut collected,
    )?;
    if !dry_run {
        collected.bytes += remove_teams(context)?;
        clear_incoming(context);
        empty_trash(context)?;
    }
    Ok(collected)
}

/// Returns which applies can be removed once the archives in `collected` are gone.
fn retention(context: &Context, older_than_ms: i64, collected: &GcReport) -> applies::Retention {
    let (sessions, broken) = list(&context.state);
    let known = sessions.into_iter().map(|session| session.id);
    let known = known.chain(broken.into_iter().map(|(id, _)| id));
    let sessions = known.filter(|id| !collected.removed.contains(id)).collect();
    applies::Retention { now_unix_ms: context.now_unix_ms, older_than_ms, sessions }
}

/// Returns why a session is kept, or `None` if it can be removed.
fn keep_reason(context: &Context, session: &Session, older_than_ms: i64) -> Option<String> {
    if session.host != context.host {
        return Some(format!("it belongs to machine {}", session.host));
    }
    if session.state != State::Discarded {
        return Some("it is not discarded".into());
    }
    let since = session.discarded_unix_ms.unwrap_or(i64::MAX);
    let age_ms = context.now_unix_ms.saturating_sub(since);
    (age_ms < older_than_ms).then(|| "it was discarded too recently".to_string())
}

fn remove(
    context: &Context,
    session: Session,
    dry_run: bool,
    collected: &mut GcReport,
) -> Result<(), ArchiveError> {
    let dir = context.state.session(&session.id);
    let lock = match Lock::take(&dir.join("lock")) {
        Ok(lock) => lock,
        Err(busy) => {
            collected.kept.push((session.id, busy.to_string()));
            return Ok(());
        }
    };
    collected.bytes += size_of(&dir);
    if !dry_run {
        // Removes a pin that a crash left behind.
        super::discard::put_aside(context, &session)?;
        let place = to_trash(context, &session)?;
        drop(lock);
        remove_tree(&place).map_err(io_at(&place))?;
    }
    collected.removed.push(session.id);
    Ok(())
}

/// Removes shared repositories that no session uses.
fn remove_teams(context: &Context) -> Result<u64, ArchiveError> {
    // The record of a session is saved before its team's directory is made, so listing sessions second misses
    // none.
    let teams: Vec<_> =
        fs::read_dir(context.state.teams()).into_iter().flatten().flatten().collect();
    let (sessions, broken) = list(&context.state);
    if !broken.is_empty() {
        return Ok(0);
    }
    let mut bytes = 0;
    for team in teams.iter().map(fs::DirEntry::path) {
        let is_ours = |session: &Session| {
            session.git.as_ref().is_some_and(|side| side.repository.starts_with(&team))
        };
        if !sessions.iter().any(is_ours) {
            bytes += size_of(&team);
            trash(context, &team)?;
        }
    }
    Ok(bytes)
}

fn thin_if_free(context: &Context, session: &Session) -> Result<u64, ArchiveError> {
    let dir = context.state.session(&session.id);
    match Lock::take(&dir.join("lock")) {
        Ok(_lock) => thin(session, &dir),
        Err(_) => Ok(0),
    }
}

/// Removes sessions interrupted before their first record was saved; they hold nothing. Recent ones may still
/// be in creation.
pub(super) fn clear_incoming(context: &Context) {
    const YOUNG: std::time::Duration = std::time::Duration::from_secs(60);
    for entry in fs::read_dir(context.state.incoming()).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|meta| meta.modified()).map(|at| at.elapsed());
        if matches!(age, Ok(Ok(age)) if age > YOUNG) {
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Finishes interrupted removals.
pub fn empty_trash(context: &Context) -> Result<u64, ArchiveError> {
    let trash = context.state.trash();
    let mut removed = 0;
    for entry in fs::read_dir(&trash).into_iter().flatten().flatten() {
        // Another process may be removing it too.
        match remove_tree(&entry.path()) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_at(&entry.path())(error)),
        }
    }
    Ok(removed)
}

/// Removes a directory tree, including directories without permissions.
pub(super) fn remove_tree(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(dir)?;
            fs::remove_dir_all(dir)
        }
        other => other,
    }
}

fn open_up(dir: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(dir)?;
    if !meta.is_dir() {
        return Ok(());
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(meta.permissions().mode() | 0o700))?;
    for entry in fs::read_dir(dir)? {
        open_up(&entry?.path())?;
    }
    Ok(())
}

pub(super) fn size_of(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
