//! Applies a plan to the user's tree, and undoes it. All or nothing: every write is a compare-and-swap,
//! and a journal tells after any crash whether to go back or to go on.

mod acts;
mod execute;
mod handover;
mod hook;
mod meta;
mod recover;
mod stage;
mod tree;
mod undo;

use std::collections::BTreeSet;
use std::path::Path;

pub use execute::{ExecuteError, execute};
pub use handover::{BranchError, BranchRequest, Branched, as_branch};
pub use hook::{Fault, Hook, NoHook};
pub use recover::{RecoverError, Recovered, recover, unfinished};
pub use tree::Tree;
pub use undo::{UndoError, UndoTarget, Undone, undo};

use crate::changes::{ChangesError, Opened};
use crate::changeset::{ChangeStatus, Changeset};
use crate::context::Context;
use crate::entry::{Content, Hash, Storage};
use crate::git::{Git, GitError};
use crate::journal::{self, ApplyKind, ApplyRecord};
use crate::path::{HostPath, RelPath};
use crate::plan::{BlobStore, Contribution, OnDrift, PathReason, Plan, PlanBuilder, PlanError};
use crate::review::Selection;
use crate::session::{Busy, Lock, SaveError, Session, State};
use crate::store::{Store, StoreError};

/// What is to be applied.
#[derive(Debug)]
pub struct ApplyRequest<'a> {
    /// Sessions, in the order in which they are applied, each with what was decided.
    pub sessions: &'a [(Opened, Selection)],
    /// What to do about drift.
    pub on_drift: OnDrift,
    /// Only say what would be done.
    pub dry_run: bool,
    /// A session that deleted every file may be applied.
    pub allow_empty: bool,
}

/// What was applied.
#[derive(Debug, Default)]
pub struct Applied {
    /// What `undo` takes; none if nothing was written.
    pub undo_id: Option<String>,
    /// Paths.
    pub applied: Vec<RelPath>,
    /// Paths that were left, with the reason.
    pub skipped: Vec<PathReason>,
    /// Paths that can't be applied. With any of these nothing was.
    pub conflicts: Vec<PathReason>,
    /// One of the conflicts comes of the project alone, so that merging both sides may settle it.
    pub drifted: bool,
}

/// Why nothing was applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A session is in use.
    #[error("session {session} can't be applied now")]
    Busy {
        /// The session.
        session: String,
        /// Who uses it.
        #[source]
        source: Busy,
    },
    /// Sessions of several projects.
    #[error("the sessions belong to different projects: {0} and {1}")]
    Projects(String, String),
    /// The agent deleted everything.
    #[error(
        "session {0} deleted every file of the project: this is applied only when it is asked for"
    )]
    Empty(String),
    /// A path was named that no change has.
    #[error("the session did not change {}", .0.iter().map(RelPath::lossy).collect::<Vec<_>>().join(", "))]
    Unknown(Vec<RelPath>),
    /// The changes can't be told.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan failed; the tree is as it was.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// What an earlier crash left can't be mended.
    #[error("an earlier apply was interrupted and can't be mended")]
    Recover(#[from] RecoverError),
    /// The project can't be opened.
    #[error("{path} can't be used")]
    Io {
        /// The path.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A record can't be written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// Bytes can't be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// git said no.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Applies what was decided of one or more sessions.
pub fn apply(
    context: &Context,
    request: &ApplyRequest<'_>,
    hook: &mut dyn Hook,
) -> Result<Applied, ApplyError> {
    let Some((first, _)) = request.sessions.first() else { return Ok(Applied::default()) };
    let project = first.session.project.clone();
    let mut locks = Vec::new();
    for (opened, _) in request.sessions {
        if opened.session.project != project {
            let show = |path: &HostPath| path.display().to_string();
            return Err(ApplyError::Projects(show(&project), show(&opened.session.project)));
        }
        locks.push(
            Lock::take(&opened.dir.join("lock"))
                .map_err(|source| ApplyError::Busy { session: opened.session.label(), source })?,
        );
    }
    let _tree_lock = lock_project(context, &project)?;
    recover(context, Some(&project))?;
    let dir = journal::new_dir(&context.state)?;
    let store = Store::new(&dir);
    store.create()?;
    let outcome = planned(context, request, &project, &dir, &store, hook);
    if !matches!(&outcome, Ok(applied) if applied.undo_id.is_some()) && !ApplyRecord::exists(&dir) {
        // Nothing was written: the bytes that were kept for it are of no use.
        _ = std::fs::remove_dir_all(&dir);
    }
    outcome
}

/// One apply at a time for each project.
fn lock_project(context: &Context, project: &Path) -> Result<Lock, ApplyError> {
    Lock::wait(&project_lock(context, project))
        .map_err(|source| ApplyError::Busy { session: project.display().to_string(), source })
}

/// The same lock, if nobody has it.
pub(crate) fn lock_if_free(context: &Context, project: &Path) -> Option<Lock> {
    Lock::take(&project_lock(context, project)).ok()
}

fn project_lock(context: &Context, project: &Path) -> std::path::PathBuf {
    context.state.repository_lock(&project.join("apply"))
}

fn planned(
    context: &Context,
    request: &ApplyRequest<'_>,
    project: &HostPath,
    dir: &Path,
    store: &Store,
    hook: &mut dyn Hook,
) -> Result<Applied, ApplyError> {
    let tree =
        Tree::open(project).map_err(|source| ApplyError::Io { path: project.0.clone(), source })?;
    let unmerged = unmerged(&context.git, project)?;
    let blobs: &dyn BlobStore = match (request.dry_run, request.on_drift) {
        (true, OnDrift::Refuse) => &DiscardBlobs,
        _ => &KeepBlobs(store),
    };
    let builder =
        PlanBuilder { target: &tree, blobs, on_drift: request.on_drift, unmerged: &unmerged };
    let mut plan = Plan::default();
    let mut changesets = Vec::new();
    for (opened, selection) in request.sessions {
        let changes = opened.changeset()?;
        if !request.allow_empty
            && deletes_everything(&changes)
            && *selection == Selection::Everything
        {
            return Err(ApplyError::Empty(opened.session.label()));
        }
        let selection = &selection.clone().among(&changes.changes);
        let unknown = selection.unmatched(&changes.changes);
        if !unknown.is_empty() {
            return Err(ApplyError::Unknown(unknown));
        }
        let session = &opened.session.id;
        let contribution = Contribution { session, changes: &changes, source: opened, selection };
        builder.add(&mut plan, &contribution)?;
        changesets.push(changes);
    }
    if !plan.conflicts.is_empty() {
        return Ok(Applied {
            undo_id: None,
            applied: Vec::new(),
            skipped: plan.skipped,
            conflicts: plan.conflicts,
            drifted: plan.drifted,
        });
    }
    if request.dry_run || plan.deliveries.is_empty() {
        let applied =
            Applied { applied: plan.applied, skipped: plan.skipped, ..Applied::default() };
        return Ok(applied);
    }
    let sessions = request.sessions.iter().map(|(opened, _)| opened.session.id.clone()).collect();
    let mut record = ApplyRecord {
        ops: plan.ops.into_values().collect(),
        deliveries: plan.deliveries,
        ..ApplyRecord::new(context, dir, project, sessions, ApplyKind::Apply)
    };
    execute(&tree, &mut record, dir, hook)?;
    for (opened, _) in request.sessions {
        settle_state(context, &opened.session)?;
    }
    Ok(Applied {
        undo_id: (!record.ops.is_empty()).then_some(record.id),
        applied: plan.applied,
        skipped: plan.skipped,
        ..Applied::default()
    })
}

/// A session with nothing left in scope is applied; one with something left stays open.
fn settle_state(context: &Context, session: &Session) -> Result<(), ApplyError> {
    let opened = Opened::open(context, session.clone())?;
    let left = opened.changeset()?;
    let open = left.changes.iter().any(|change| change.scope == crate::changeset::Scope::In);
    let mut session = opened.session;
    session.state = if open { State::Open } else { State::Applied };
    session.save(&opened.dir)?;
    Ok(())
}

fn deletes_everything(changes: &Changeset) -> bool {
    let deleted = changes.changes.iter().filter(|change| {
        change.status == ChangeStatus::Deleted && change.scope == crate::changeset::Scope::In
    });
    let came = changes.changes.iter().any(|change| change.new.is_some());
    changes.baseline_files > 1 && !came && deleted.count() as u64 >= changes.baseline_files
}

/// Paths that the user's git has not merged yet.
fn unmerged(git: &Git, project: &Path) -> Result<BTreeSet<RelPath>, GitError> {
    let listed = git.at(project).args(["ls-files", "-z", "--unmerged"]).answer()?;
    let listed = listed.unwrap_or_default();
    let paths = listed.split(|b| *b == 0).filter_map(|line| {
        let at = line.iter().position(|b| *b == b'\t')?;
        RelPath::new(&line[at + 1..]).ok()
    });
    Ok(paths.collect())
}

struct KeepBlobs<'a>(&'a Store);

impl BlobStore for KeepBlobs<'_> {
    fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError> {
        self.0.keep(bytes)
    }

    fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError> {
        self.0.read(content)
    }
}

/// For a plan that nobody executes. Without a merge, nothing is read back.
struct DiscardBlobs;

impl BlobStore for DiscardBlobs {
    fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError> {
        Ok(Content { size: bytes.len() as u64, hash: Hash::of(bytes), place: Storage::Loose })
    }

    fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Io {
            path: content.hash.hex().into(),
            source: std::io::ErrorKind::NotFound.into(),
        })
    }
}
