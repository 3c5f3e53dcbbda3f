//! The audit of one command: a look before, a look after, and what became of the difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::escape::{only_mode, only_times, status};
use super::keep;
use super::place::{Place, Skip, places};
use super::sight::{self, Seen};
use super::{Area, Escape};
use crate::baseline::{self, Baseline, LoadError};
use crate::changeset::ChangeStatus as Status;
use crate::context::Context;
use crate::entry::{Content, Node};
use crate::journal::{self, ApplyRecord};
use crate::path::{HostPath, RelPath};
use crate::session::{GitKind, SaveError, Session};
use crate::store::{Store, StoreError};

/// More escapes than this are counted, not listed.
const LISTED_MAX: usize = 500;

/// How closely is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Nothing keeps the agent in: what it could destroy is kept.
    Whole,
    /// The kernel keeps it in. What it could do all the same is change permissions; whatever else
    /// changes is somebody else's doing.
    Confined,
}

/// Why the audit gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// What was there can't be kept.
    #[error("what a command could change can't be kept")]
    Store(#[from] StoreError),
    /// What the session began from can't be read.
    #[error("what the session began from can't be read")]
    Baseline(#[from] LoadError),
    /// The journals can't be read.
    #[error("what was applied meanwhile can't be read")]
    Journal(#[from] SaveError),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// What changed and is not known to be the user's own doing.
    pub escapes: Vec<Escape>,
    /// What to know about it.
    pub notes: Vec<String>,
}

/// An audit that has begun.
#[derive(Debug)]
pub struct Watch {
    depth: Depth,
    places: Vec<Place>,
    baseline: Option<Baseline>,
    applies: BTreeSet<String>,
    store: Store,
    skip: Skip,
}

impl Watch {
    /// Takes the look before.
    pub fn begin(
        context: &Context,
        session: &Session,
        home: Option<&Path>,
        depth: Depth,
    ) -> Result<Self, AuditError> {
        let dir = context.state.session(&session.id);
        let store = Store::new(&dir);
        store.create()?;
        let linked = session.git.as_ref().is_some_and(|side| side.kind == GitKind::Linked);
        let streams = [std::io::stdout().into_fd(), std::io::stderr().into_fd()];
        let skip = Skip {
            state: context.state.root().to_path_buf(),
            linked,
            granted: session.confinement.allow_write.iter().map(|path| path.0.clone()).collect(),
            streams: streams.into_iter().flatten().collect(),
        };
        let baseline = match depth {
            Depth::Whole => Some(baseline::load(&dir.join("baseline"))?),
            Depth::Confined => None,
        };
        let mut watch = Self {
            depth,
            places: places(session, home, &skip),
            baseline,
            applies: applies(context)?.into_iter().map(|record| record.id).collect(),
            store,
            skip,
        };
        if depth == Depth::Whole {
            watch.keep();
        }
        Ok(watch)
    }

    fn keep(&mut self) {
        let baseline = self.baseline.as_ref();
        for place in &mut self.places {
            let (store, area) = (&self.store, place.area);
            let wanted = |path: &RelPath, seen: &Seen| match area {
                Area::File => held(baseline, path, seen).is_none(),
                _ => true,
            };
            place.kept = keep::keep(store, &place.root, &place.before, &wanted);
        }
    }

    /// Takes the look after, and tells what changed.
    pub fn finish(self, context: &Context, session: &Session) -> Result<Found, AuditError> {
        let mut found = Found::default();
        let mut others = 0;
        let applied = self.applied_meanwhile(context)?;
        for place in &self.places {
            let after = place.look(&self.skip);
            for (path, was, now) in sight::differences(&place.before, &after) {
                let here = place.root.join(path.as_path());
                if self.skip.is_own(&here) {
                    continue;
                }
                let before = was.and_then(|seen| self.node_before(place, path, seen));
                let after = now.and_then(|seen| self.node_after(&here, seen));
                let change = match self.depth {
                    Depth::Whole => status(before.as_ref(), after.as_ref()),
                    Depth::Confined if only_mode(was, now) => Some(Status::ModeChanged),
                    Depth::Confined => {
                        let as_usual = match place.kind(path) {
                            Area::Index => true,
                            Area::Object => only_times(was, now),
                            _ => false,
                        };
                        others += u64::from(!as_usual);
                        None
                    }
                };
                let Some(change) = change else { continue };
                let by_us = applied.iter().any(|(root, known, node)| {
                    place.area == Area::File
                        && *root == place.root
                        && known == path
                        && *node == after
                });
                let harmless = place.area != Area::File && is_harmless(place, path, change);
                if by_us || harmless || self.same_index(context, place, path, before.as_ref()) {
                    continue;
                }
                found.escapes.push(Escape {
                    path: place.tell(path),
                    place: HostPath(here),
                    kind: place.kind(path),
                    change,
                    before,
                    after,
                    restored: false,
                });
            }
        }
        without_parents(&mut found.escapes);
        if found.escapes.len() > LISTED_MAX {
            let more = found.escapes.len() - LISTED_MAX;
            found.notes.push(format!("{more} more paths outside of the workspace were changed"));
            found.escapes.truncate(LISTED_MAX);
        }
        if others > 0 {
            found.notes.push(format!(
                "meanwhile {others} paths of {} changed; the kernel kept the agent from writing there, so \
                 that it was you, or another program",
                session.project.display()
            ));
        }
        Ok(found)
    }

    fn node_before(&self, place: &Place, path: &RelPath, seen: &Seen) -> Option<Node> {
        let content = |size| {
            let of_baseline = match place.area {
                Area::File => held(self.baseline.as_ref(), path, seen),
                _ => None,
            };
            place.kept.get(path).copied().or(of_baseline).unwrap_or_else(|| keep::unkept(size))
        };
        node(seen, &content)
    }

    fn node_after(&self, here: &Path, seen: &Seen) -> Option<Node> {
        let content = |size| match self.depth {
            Depth::Whole => keep::keep_one(&self.store, here).unwrap_or_else(|| keep::unkept(size)),
            Depth::Confined => keep::unkept(size),
        };
        node(seen, &content)
    }

    /// What other sessions' applies wrote meanwhile: that was the user.
    fn applied_meanwhile(
        &self,
        context: &Context,
    ) -> Result<Vec<(PathBuf, RelPath, Option<Node>)>, AuditError> {
        let new = applies(context)?.into_iter().filter(|record| !self.applies.contains(&record.id));
        Ok(new
            .flat_map(|record| {
                let root = record.project.0;
                record.ops.into_iter().map(move |op| (root.clone(), op.path, op.after))
            })
            .collect())
    }

    /// An index that says the same, although its bytes differ: looking with `git status` refreshes it.
    fn same_index(
        &self,
        context: &Context,
        place: &Place,
        path: &RelPath,
        before: Option<&Node>,
    ) -> bool {
        let is_index = path.name() == b"index" && place.kind(path) == Area::Index;
        let Some(content) = before.and_then(Node::content).filter(|_| is_index) else {
            return false;
        };
        let new = place.root.join(path.as_path());
        // git would wait at a pipe.
        if !new.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            return false;
        }
        let Ok(bytes) = self.store.read(content) else { return false };
        let Ok(old) = self.store.beside(&bytes) else { return false };
        let staged = |index: &Path| {
            let call = context.git.at(&place.root).env("GIT_DIR", &place.root);
            call.env("GIT_INDEX_FILE", index).args(["ls-files", "-z", "--stage"]).output().ok()
        };
        let same = staged(&old).is_some_and(|was| staged(&new).is_some_and(|now| was == now));
        _ = std::fs::remove_file(&old);
        same
    }
}

/// What the baseline holds of a file that was not touched since it was made.
fn held(baseline: Option<&Baseline>, path: &RelPath, seen: &Seen) -> Option<Content> {
    const TICK_NS: i64 = 20_000_000;
    let baseline = baseline?;
    let Seen::File { stamp, .. } = seen else { return None };
    let content = *baseline.find(path)?.node.content()?;
    (stamp.ctime_ns < baseline.stamped_ns - TICK_NS && stamp.size == content.size)
        .then_some(content)
}

fn node(seen: &Seen, content: &dyn Fn(u64) -> Content) -> Option<Node> {
    Some(match seen {
        Seen::Dir { mode } => Node::Dir { mode: *mode },
        Seen::File { mode, stamp } => Node::File { mode: *mode, content: content(stamp.size) },
        Seen::Link { target } => Node::Link { target: target.clone() },
        // Told as an empty file of its own kind would be misleading; its coming and going is told.
        Seen::Special { mode } => Node::File { mode: mode & 0o777, content: keep::unkept(0) },
    })
}

/// New objects harm nobody: whoever looks at a repository may write some.
fn is_harmless(place: &Place, path: &RelPath, change: Status) -> bool {
    place.kind(path) == Area::Object && change == Status::Added
}

/// Directories that came or went with what is in them say nothing more.
fn without_parents(escapes: &mut Vec<Escape>) {
    let told: BTreeSet<PathBuf> = escapes
        .iter()
        .flat_map(|escape| {
            escape.place.ancestors().skip(1).map(Path::to_path_buf).collect::<Vec<_>>()
        })
        .collect();
    escapes.retain(|escape| {
        let is_dir = |node: &Option<Node>| matches!(node, Some(Node::Dir { .. }));
        let whole = escape.change == Status::Added || escape.change == Status::Deleted;
        !(whole
            && (is_dir(&escape.before) || is_dir(&escape.after))
            && told.contains(&escape.place.0))
    });
}

fn applies(context: &Context) -> Result<Vec<ApplyRecord>, AuditError> {
    Ok(journal::all_records(&context.state)?.into_iter().map(|(record, _)| record).collect())
}

trait IntoFd {
    fn into_fd(self) -> Option<(u64, u64)>;
}

impl<T: std::os::fd::AsFd> IntoFd for T {
    fn into_fd(self) -> Option<(u64, u64)> {
        let stat = rustix::fs::fstat(self).ok()?;
        Some((stat.st_dev as u64, stat.st_ino))
    }
}
