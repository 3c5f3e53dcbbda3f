//! Applies a plan to the user's tree, and undoes it. All or nothing: every write is a compare-and-swap, and
//! after a crash the journal shows whether to roll back or to finish.

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

/// What to apply.
#[derive(Debug)]
pub struct ApplyRequest<'a> {
    /// Sessions in the order in which they are applied, each with its selection.
    pub sessions: &'a [(Opened, Selection)],
    /// How drift is handled.
    pub on_drift: OnDrift,
    /// Report what would be done without doing it.
    pub dry_run: bool,
    /// Allow a session that deleted every file.
    pub allow_empty: bool,
}

/// The result of an apply.
#[derive(Debug, Default)]
pub struct Applied {
    /// Id for `undo`. `None` if nothing was written.
    pub undo_id: Option<String>,
    /// Applied paths.
    pub applied: Vec<RelPath>,
    /// Paths that were left out.
    pub skipped: Vec<PathReason>,
    /// Paths that cannot be applied. If there are any, nothing was applied.
    pub conflicts: Vec<PathReason>,
    /// Whether a conflict is due to drift alone, so that merging may resolve it.
    pub drifted: bool,
}

/// Why nothing was applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The session or the project is in use.
    #[error("cannot apply session {session} now")]
    Busy {
        /// The session.
        session: String,
        /// The process that uses it.
        #[source]
        source: Busy,
    },
    /// The sessions belong to several projects.
    #[error("the sessions belong to different projects: {0} and {1}")]
    Projects(String, String),
    /// The agent deleted every file.
    #[error(
        "session {0} deleted every file of the project: applying that requires an explicit request"
    )]
    Empty(String),
    /// A selected path has no change.
    #[error("the session did not change {}", .0.iter().map(RelPath::lossy).collect::<Vec<_>>().join(", "))]
    Unknown(Vec<RelPath>),
    /// The changes cannot be computed.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// The plan cannot be built.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Executing the plan failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// An interrupted apply cannot be recovered.
    #[error("an earlier apply was interrupted and cannot be recovered")]
    Recover(#[from] RecoverError),
    /// The project cannot be opened.
    #[error("cannot access {path}")]
    Io {
        /// The path.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A record cannot be written.
    #[error(transparent)]
    Record(#[from] SaveError),
    /// Bytes cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Applies the selected changes of one or more sessions.
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
    let outcome = plan_and_execute(context, request, &project, &dir, &store, hook);
    if !matches!(&outcome, Ok(applied) if applied.undo_id.is_some()) && !ApplyRecord::exists(&dir) {
        // Nothing was written, so the stored bytes are not needed.
        _ = std::fs::remove_dir_all(&dir);
    }
    outcome
}

/// Waits for the lock of a project, which allows one apply at a time.
fn lock_project(context: &Context, project: &Path) -> Result<Lock, ApplyError> {
    Lock::wait(&project_lock(context, project))
        .map_err(|source| ApplyError::Busy { session: project.display().to_string(), source })
}

/// Takes the lock of a project if it is free.
pub(crate) fn lock_if_free(context: &Context, project: &Path) -> Option<Lock> {
    Lock::take(&project_lock(context, project)).ok()
}

fn project_lock(context: &Context, project: &Path) -> std::path::PathBuf {
    context.state.repository_lock(&project.join("apply"))
}

fn plan_and_execute(
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

/// Marks a session as applied, or as open if changes in scope remain.
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

/// Returns the paths with unresolved merge conflicts in the user's repository.
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

/// For plans that are not executed. Without a merge, no bytes are read back.
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
