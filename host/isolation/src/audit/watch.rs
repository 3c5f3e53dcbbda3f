//! The audit of one command: a snapshot before, a snapshot after, and the classified differences.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::escape::{only_mode_differs, only_times_differ, status};
use super::preserve;
use super::roots::{AuditRoot, Exclusions, audit_roots};
use super::snapshot::{self, Observed};
use super::{Area, Escape};
use crate::baseline::{self, Baseline, LoadError};
use crate::changeset::ChangeStatus as Status;
use crate::context::Context;
use crate::entry::{Content, Node};
use crate::journal::{self, ApplyRecord};
use crate::path::{HostPath, RelPath};
use crate::session::{GitKind, SaveError, Session};
use crate::store::{Store, StoreError};

/// Maximum number of escapes that are listed. Further ones are counted.
const LISTED_MAX: usize = 500;

/// The depth of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The agent is not confined: content that it could destroy is preserved, and all changes are reported.
    Full,
    /// The kernel confines the agent, which can then change permissions only. Other changes were made by other programs.
    Confined,
}

/// The reason why an audit failed.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Previous content could not be preserved.
    #[error("cannot preserve files that a command could change")]
    Store(#[from] StoreError),
    /// The baseline could not be read.
    #[error("cannot read the session's baseline")]
    Baseline(#[from] LoadError),
    /// The journals could not be read.
    #[error("cannot read the journals of other applies")]
    Journal(#[from] SaveError),
}

/// The result of an audit.
#[derive(Debug, Default)]
pub struct AuditReport {
    /// Changes that are not known to be the user's own.
    pub escapes: Vec<Escape>,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// An audit in progress.
#[derive(Debug)]
pub struct Watch {
    depth: Depth,
    roots: Vec<AuditRoot>,
    baseline: Option<Baseline>,
    applies: BTreeSet<String>,
    store: Store,
    skip: Exclusions,
}

impl Watch {
    /// Takes the first snapshot.
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
        let streams = [std::io::stdout().file_id(), std::io::stderr().file_id()];
        let skip = Exclusions {
            state: context.state.root().to_path_buf(),
            linked,
            granted: session.confinement.allow_write.iter().map(|path| path.0.clone()).collect(),
            streams: streams.into_iter().flatten().collect(),
        };
        let baseline = match depth {
            Depth::Full => Some(baseline::load(&dir.join("baseline"))?),
            Depth::Confined => None,
        };
        let mut watch = Self {
            depth,
            roots: audit_roots(session, home, &skip),
            baseline,
            applies: applies(context)?.into_iter().map(|record| record.id).collect(),
            store,
            skip,
        };
        if depth == Depth::Full {
            watch.preserve();
        }
        Ok(watch)
    }

    fn preserve(&mut self) {
        let baseline = self.baseline.as_ref();
        for root in &mut self.roots {
            let (store, area) = (&self.store, root.area);
            let wanted = |path: &RelPath, seen: &Observed| match area {
                Area::File => baseline_content(baseline, path, seen).is_none(),
                _ => true,
            };
            root.preserved = preserve::preserve(store, &root.dir, &root.before, &wanted);
        }
    }

    /// Takes the second snapshot and returns the changes between the two.
    pub fn finish(self, context: &Context, session: &Session) -> Result<AuditReport, AuditError> {
        let mut report = AuditReport::default();
        let mut other_changes = 0;
        let applied = self.applied_meanwhile(context)?;
        for root in &self.roots {
            let after = root.snapshot(&self.skip);
            for (path, was, now) in snapshot::differences(&root.before, &after) {
                let here = root.dir.join(path.as_path());
                if self.skip.is_own(&here) {
                    continue;
                }
                let before = was.and_then(|seen| self.node_before(root, path, seen));
                let after = now.and_then(|seen| self.node_after(&here, seen));
                let change = match self.depth {
                    Depth::Full => status(before.as_ref(), after.as_ref()),
                    Depth::Confined if only_mode_differs(was, now) => Some(Status::ModeChanged),
                    Depth::Confined => {
                        let expected = match root.area_of(path) {
                            Area::Index => true,
                            Area::Object => only_times_differ(was, now),
                            _ => false,
                        };
                        other_changes += u64::from(!expected);
                        None
                    }
                };
                let Some(change) = change else { continue };
                let by_us = applied.iter().any(|(project, known, node)| {
                    root.area == Area::File
                        && *project == root.dir
                        && known == path
                        && *node == after
                });
                let harmless = root.area != Area::File && is_harmless(root, path, change);
                if by_us || harmless || self.same_index(context, root, path, before.as_ref()) {
                    continue;
                }
                report.escapes.push(Escape {
                    path: root.display(path),
                    place: HostPath(here),
                    kind: root.area_of(path),
                    change,
                    before,
                    after,
                    restored: false,
                });
            }
        }
        drop_parents(&mut report.escapes);
        if report.escapes.len() > LISTED_MAX {
            let more = report.escapes.len() - LISTED_MAX;
            report.notes.push(format!("{more} more paths changed outside of the workspace"));
            report.escapes.truncate(LISTED_MAX);
        }
        if other_changes > 0 {
            report.notes.push(format!(
                "{other_changes} paths in {} changed during the command. The kernel kept the agent from writing there, so \
                 they were changed by you or by another program",
                session.project.display()
            ));
        }
        Ok(report)
    }

    fn node_before(&self, root: &AuditRoot, path: &RelPath, seen: &Observed) -> Option<Node> {
        let content = |size| {
            let of_baseline = match root.area {
                Area::File => baseline_content(self.baseline.as_ref(), path, seen),
                _ => None,
            };
            root.preserved
                .get(path)
                .copied()
                .or(of_baseline)
                .unwrap_or_else(|| preserve::not_preserved(size))
        };
        node(seen, &content)
    }

    fn node_after(&self, here: &Path, seen: &Observed) -> Option<Node> {
        let content = |size| match self.depth {
            Depth::Full => preserve::preserve_file(&self.store, here)
                .unwrap_or_else(|| preserve::not_preserved(size)),
            Depth::Confined => preserve::not_preserved(size),
        };
        node(seen, &content)
    }

    /// Returns what applies of other sessions wrote during the command: the user's own changes.
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

    /// Returns whether an index is equal except for cached stamps, which `git status` refreshes.
    fn same_index(
        &self,
        context: &Context,
        root: &AuditRoot,
        path: &RelPath,
        before: Option<&Node>,
    ) -> bool {
        let is_index = path.name() == b"index" && root.area_of(path) == Area::Index;
        let Some(content) = before.and_then(Node::content).filter(|_| is_index) else {
            return false;
        };
        let new = root.dir.join(path.as_path());
        // git would block on a pipe.
        if !new.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            return false;
        }
        let Ok(bytes) = self.store.read(content) else { return false };
        let Ok(old) = self.store.beside(&bytes) else { return false };
        let staged = |index: &Path| {
            let call = context.git.at(&root.dir).env("GIT_DIR", &root.dir);
            call.env("GIT_INDEX_FILE", index).args(["ls-files", "-z", "--stage"]).output().ok()
        };
        let same = staged(&old).is_some_and(|was| staged(&new).is_some_and(|now| was == now));
        _ = std::fs::remove_file(&old);
        same
    }
}

/// Returns the baseline's content of a file that has not been touched since the baseline was taken.
fn baseline_content(
    baseline: Option<&Baseline>,
    path: &RelPath,
    seen: &Observed,
) -> Option<Content> {
    const TICK_NS: i64 = 20_000_000;
    let baseline = baseline?;
    let Observed::File { stamp, .. } = seen else { return None };
    let content = *baseline.find(path)?.node.content()?;
    (stamp.ctime_ns < baseline.stamped_ns - TICK_NS && stamp.size == content.size)
        .then_some(content)
}

fn node(seen: &Observed, content: &dyn Fn(u64) -> Content) -> Option<Node> {
    Some(match seen {
        Observed::Dir { mode } => Node::Dir { mode: *mode },
        Observed::File { mode, stamp } => Node::File { mode: *mode, content: content(stamp.size) },
        Observed::Link { target } => Node::Link { target: target.clone() },
        // There is no node for special files. Only their creation and removal are reported.
        Observed::Special { mode } => {
            Node::File { mode: mode & 0o777, content: preserve::not_preserved(0) }
        }
    })
}

/// Returns whether a change is a new git object, which any command that reads a repository may write.
fn is_harmless(root: &AuditRoot, path: &RelPath, change: Status) -> bool {
    root.area_of(path) == Area::Object && change == Status::Added
}

/// Drops directories that were created or deleted together with paths below them.
fn drop_parents(escapes: &mut Vec<Escape>) {
    let parents: BTreeSet<PathBuf> = escapes
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
            && parents.contains(&escape.place.0))
    });
}

fn applies(context: &Context) -> Result<Vec<ApplyRecord>, AuditError> {
    Ok(journal::all_records(&context.state)?.into_iter().map(|(record, _)| record).collect())
}

trait FileId {
    fn file_id(self) -> Option<(u64, u64)>;
}

impl<T: std::os::fd::AsFd> FileId for T {
    fn file_id(self) -> Option<(u64, u64)> {
        let stat = rustix::fs::fstat(self).ok()?;
        Some((stat.st_dev as u64, stat.st_ino))
    }
}
