//! Recovers after a crash or a failure: rolls back or finishes, so that no apply stays half done. Files that
//! other programs wrote in the meantime are saved.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::acts::{Act, acts};
use super::execute::is_node;
use super::stage;
use super::tree::{self, Tree};
use crate::atomic_write::{self, Durability};
use crate::context::Context;
use crate::journal::{ApplyPhase, ApplyRecord, all_records};
use crate::mode;
use crate::path::RelPath;
use crate::session::SaveError;

/// Why an apply cannot be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The file system reported an error.
    #[error("cannot restore {path}")]
    Io {
        /// The path.
        path: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The project cannot be opened.
    #[error("cannot open the project {path}")]
    Project {
        /// The project.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The journal cannot be read or written.
    #[error(transparent)]
    Record(#[from] SaveError),
}

/// A recovered apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Number of the apply.
    pub id: String,
    /// Whether it is in force now.
    pub applied: bool,
    /// Files saved because another program wrote them in the meantime.
    pub rescued: Vec<String>,
}

/// Returns the records of applies that were interrupted or are running.
pub fn unfinished(
    context: &Context,
    project: Option<&Path>,
) -> Result<Vec<(ApplyRecord, PathBuf)>, SaveError> {
    let mut all = all_records(&context.state)?;
    all.retain(|(record, _)| {
        record.is_unfinished() && project.is_none_or(|project| *record.project == *project)
    });
    Ok(all)
}

/// Recovers every unfinished apply of a project, or of all projects. The caller holds the project's lock, so
/// that none of them is running.
pub fn recover(context: &Context, project: Option<&Path>) -> Result<Vec<Recovered>, RecoverError> {
    let mut recovered = Vec::new();
    for (mut record, dir) in unfinished(context, project)? {
        let path = record.project.0.clone();
        let tree = Tree::open(&path)
            .map_err(|source| RecoverError::Project { path: path.clone(), source })?;
        if record.phase == ApplyPhase::Committed {
            finish(&tree, &mut record, &dir)?;
        } else {
            roll_back(&tree, &mut record, &dir)?;
        }
        let applied = record.phase == ApplyPhase::Done;
        recovered.push(Recovered { id: record.id, applied, rescued: record.rescued });
    }
    Ok(recovered)
}

/// Undoes every write, last one first.
pub(super) fn roll_back(
    tree: &Tree,
    record: &mut ApplyRecord,
    dir: &Path,
) -> Result<(), RecoverError> {
    let acts = acts(&record.ops);
    if record.phase != ApplyPhase::Planned {
        for at in (0..acts.len()).rev() {
            take_back(tree, record, dir, at, &acts[at])
                .map_err(|source| RecoverError::Io { path: acts[at].path().lossy(), source })?;
        }
    }
    clean_up(tree, record, dir, &acts)?;
    record.phase = ApplyPhase::RolledBack;
    Ok(record.save(dir)?)
}

/// Completes an apply whose writes were all made: removes the staging directories.
pub(super) fn finish(
    tree: &Tree,
    record: &mut ApplyRecord,
    dir: &Path,
) -> Result<(), RecoverError> {
    let acts = acts(&record.ops);
    clean_up(tree, record, dir, &acts)?;
    record.phase = ApplyPhase::Done;
    Ok(record.save(dir)?)
}

fn take_back(
    tree: &Tree,
    record: &mut ApplyRecord,
    dir: &Path,
    at: usize,
    act: &Act,
) -> io::Result<()> {
    let path = act.path();
    let parent = match tree.parent(path) {
        Ok(parent) => parent,
        // The directory was never made, or another program removed it.
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    let name = path.name();
    match act {
        Act::SetDirMode { before, .. } => {
            match rustix::fs::chmodat(&parent, name, mode::system(*before), AtFlags::empty()) {
                Err(Errno::NOENT) | Ok(()) => Ok(()),
                Err(errno) => Err(errno.into()),
            }
        }
        // The kernel checks write permission before existence, so a missing directory would be reported as a
        // permission error.
        Act::MakeDir { .. } if !tree::is_dir_in(parent.as_fd(), name)? => Ok(()),
        Act::MakeDir { .. } => match rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR) {
            // Not empty: another program created something in it.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(()),
            Err(errno) => Err(errno.into()),
        },
        Act::RemoveDir { mode, .. } => {
            match rustix::fs::mkdirat(&parent, name, mode::system(*mode)) {
                Ok(()) => {
                    let mode = mode::system(*mode);
                    Ok(rustix::fs::chmodat(&parent, name, mode, AtFlags::empty())?)
                }
                Err(Errno::EXIST) => Ok(()),
                Err(errno) => Err(errno.into()),
            }
        }
        Act::Create { .. } | Act::Remove { .. } | Act::Replace { .. } => {
            let staging = match stage::open_existing(tree, &record.stages[at], &record.id) {
                Ok(staging) => staging,
                Err(Errno::NOENT) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            };
            take_back_file(record, dir, at, (&parent, name), &staging)
        }
    }
}

fn take_back_file(
    record: &mut ApplyRecord,
    dir: &Path,
    at: usize,
    (parent, name): (&OwnedFd, &[u8]),
    staging: &OwnedFd,
) -> io::Result<()> {
    let here = (parent.as_fd(), name);
    let (new, old) = (stage::new_name(at), stage::old_name(at));
    let ours = record.inodes[at];
    let is_ours = || -> io::Result<bool> {
        let stat = tree::stat_in(parent.as_fd(), name)?;
        Ok(ours.is_some() && stat.map(|stat| stat.st_ino) == ours)
    };
    let in_staging = |name: &[u8]| tree::stat_in(staging.as_fd(), name).map(|stat| stat.is_some());
    if is_ours()? {
        if in_staging(&new)? {
            // They were exchanged: exchanging them again restores both.
            tree::exchange((staging.as_fd(), &new), here)?;
            return Ok(());
        }
        tree::rename_new(here, (staging.as_fd(), &new))?;
    }
    if in_staging(&old)? {
        match tree::rename_new((staging.as_fd(), &old), here) {
            Ok(()) => {}
            // Another program created a new file: it stays, and the old one is saved.
            Err(Errno::EXIST) => rescue(record, dir, staging, &old, name)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Empties the staging directories. Unknown contents are saved first.
fn clean_up(
    tree: &Tree,
    record: &mut ApplyRecord,
    dir: &Path,
    acts: &[Act],
) -> Result<(), RecoverError> {
    let failed = |path: &RelPath| {
        let path = path.lossy();
        move |source| RecoverError::Io { path, source }
    };
    for (at, act) in acts.iter().enumerate() {
        let Some(base) = record.stages.get(at).cloned() else { continue };
        let staging = match stage::open_existing(tree, &base, &record.id) {
            Ok(staging) => staging,
            Err(Errno::NOENT | Errno::NOTDIR) => continue,
            Err(errno) => return Err(failed(act.path())(errno.into())),
        };
        for name in [stage::new_name(at), stage::old_name(at)] {
            let there = tree::stat_in(staging.as_fd(), &name);
            if !matches!(there, Ok(Some(_))) {
                continue;
            }
            let known = [act.staged(), act.displaced()];
            let planned = record.phase == ApplyPhase::Planned;
            let kept =
                planned || known.into_iter().flatten().any(|node| is_node(&staging, &name, node));
            let done = if kept {
                rustix::fs::unlinkat(&staging, name.as_slice(), AtFlags::empty())
                    .map_err(Into::into)
            } else {
                rescue(record, dir, &staging, &name, act.path().name())
            };
            done.map_err(failed(act.path()))?;
        }
    }
    for base in record.stages.clone() {
        if let Ok(parent) = tree.dir(&base) {
            // Fails if something else is in it.
            let name = stage::name(&record.id);
            _ = rustix::fs::unlinkat(&parent, name.as_slice(), AtFlags::REMOVEDIR);
        }
    }
    Ok(())
}

/// Saves a staged node in the apply's directory.
fn rescue(
    record: &mut ApplyRecord,
    dir: &Path,
    staging: &OwnedFd,
    staged: &[u8],
    name: &[u8],
) -> io::Result<()> {
    let rescued = dir.join("rescued");
    std::fs::create_dir_all(&rescued)?;
    let label = format!("{}-{}", String::from_utf8_lossy(staged), String::from_utf8_lossy(name));
    let path = rescued.join(&label);
    let bytes = match rustix::fs::readlinkat(staging, staged, Vec::new()) {
        Ok(target) => target.into_bytes(),
        Err(_) => {
            let mut bytes = Vec::new();
            tree::open_in(staging.as_fd(), staged)?.read_to_end(&mut bytes)?;
            bytes
        }
    };
    atomic_write::write(&path, &bytes, Durability::Synced)?;
    record.rescued.push(path.display().to_string());
    Ok(rustix::fs::unlinkat(staging, staged, AtFlags::empty())?)
}
