//! Undoes an apply by executing its writes with before and after exchanged.

use std::collections::HashMap;
use std::path::Path;

use super::hook::Hook;
use super::{ApplyError, Tree, execute, lock_project, recover};
use crate::context::Context;
use crate::entry::Node;
use crate::journal::{self, ApplyKind, ApplyRecord, Op, all_records, records_in_force};
use crate::path::RelPath;
use crate::plan::{PathReason, PlanError, Target};
use crate::session::{SaveError, Session, State};
use crate::store::{Store, StoreError};

/// An undone apply.
#[derive(Debug)]
pub struct Undone {
    /// Id of the apply.
    pub id: String,
    /// Ids of its sessions.
    pub sessions: Vec<String>,
    /// Paths restored to their earlier state.
    pub restored: Vec<RelPath>,
}

/// Why nothing was undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is no apply to undo.
    #[error("there is no apply to undo")]
    Nothing,
    /// The project changed since the apply.
    #[error("the project changed since the apply; nothing was undone")]
    Drift(Vec<PathReason>),
    /// The undo cannot be executed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl From<SaveError> for UndoError {
    fn from(error: SaveError) -> Self {
        Self::Apply(error.into())
    }
}

impl From<StoreError> for UndoError {
    fn from(error: StoreError) -> Self {
        Self::Apply(error.into())
    }
}

impl From<PlanError> for UndoError {
    fn from(error: PlanError) -> Self {
        Self::Apply(error.into())
    }
}

/// Selects the apply to undo: the newest of a session or of a project.
#[derive(Debug, Clone, Copy)]
pub enum UndoTarget<'a> {
    /// The newest apply of a session.
    Session(&'a str),
    /// The newest apply of a project.
    Project(&'a Path),
}

/// Undoes the newest apply.
pub fn undo(
    context: &Context,
    which: UndoTarget<'_>,
    hook: &mut dyn Hook,
) -> Result<Undone, UndoError> {
    let find = || -> Result<(ApplyRecord, std::path::PathBuf), UndoError> {
        let mut known = records_in_force(&context.state)?;
        // An apply without writes left nothing to undo.
        known.retain(|(record, _)| !record.ops.is_empty());
        known.retain(|(record, _)| match which {
            UndoTarget::Session(id) => record.sessions.iter().any(|session| session == id),
            UndoTarget::Project(path) => *record.project == *path,
        });
        known.pop().ok_or(UndoError::Nothing)
    };
    let project = match which {
        UndoTarget::Project(path) => path.to_path_buf(),
        UndoTarget::Session(id) => {
            let known = all_records(&context.state)?;
            let mut of_session = known
                .into_iter()
                .map(|(record, _)| record)
                .filter(|record| record.sessions.iter().any(|session| session == id));
            of_session.next().ok_or(UndoError::Nothing)?.project.0
        }
    };
    let _lock = lock_project(context, &project)?;
    // Recovery may decide which apply is the newest. The lock ensures that none is running.
    recover(context, Some(&project)).map_err(ApplyError::from)?;
    let (record, dir) = find()?;
    let tree =
        Tree::open(&project).map_err(|source| ApplyError::Io { path: project.clone(), source })?;
    let drift = drift(&tree, &record)?;
    if !drift.is_empty() {
        return Err(UndoError::Drift(drift));
    }
    let new = journal::new_dir(&context.state)?;
    let mut back = reversed(context, &record, &new);
    keep_bytes(&back.ops, &Store::new(&dir), &Store::new(&new))?;
    execute(&tree, &mut back, &new, hook).map_err(ApplyError::from)?;
    for id in &record.sessions {
        reopen(context, id)?;
    }
    let restored = record.ops.iter().map(|op| op.path.clone()).collect();
    Ok(Undone { id: record.id, sessions: record.sessions, restored })
}

/// Returns the paths that are not as the apply left them.
fn drift(tree: &Tree, record: &ApplyRecord) -> Result<Vec<PathReason>, UndoError> {
    let mut drift = Vec::new();
    let ours: HashMap<&RelPath, &Op> = record.ops.iter().map(|op| (&op.path, op)).collect();
    // A directory that the undo restores need not exist yet.
    let is_dir = |dir: &RelPath| {
        dir.is_root()
            || matches!(ours.get(dir).map(|op| &op.before), Some(Some(Node::Dir { .. })))
            || matches!(tree.node(dir), Ok(Some(Node::Dir { .. })))
    };
    for op in &record.ops {
        let because = |reason: &str| PathReason { path: op.path.clone(), reason: reason.into() };
        let current = match tree.node(&op.path) {
            Ok(current) => current,
            // Nothing exists below a file.
            Err(error) if error.is_not_a_directory() => None,
            Err(error) => {
                drift.push(because(&error.to_string()));
                continue;
            }
        };
        let as_left = match (&current, &op.after) {
            (None, None) => true,
            (Some(Node::File { content: a, .. }), Some(Node::File { content: b, .. })) => a == b,
            (Some(Node::Link { target: a }), Some(Node::Link { target: b })) => a == b,
            (Some(Node::Dir { .. }), Some(Node::Dir { .. })) => true,
            _ => false,
        };
        if !as_left {
            drift.push(because("it changed since the apply"));
        }
        let holds_more = || -> Result<bool, PlanError> {
            let names = tree.names(&op.path)?;
            Ok(names.iter().any(|name| !ours.contains_key(&op.path.join(name))))
        };
        let goes = matches!(op.after, Some(Node::Dir { .. }))
            && !matches!(op.before, Some(Node::Dir { .. }));
        if as_left && goes && holds_more()? {
            drift.push(because("the directory contains files added since the apply"));
        }
        let above = std::iter::successors(op.path.parent(), RelPath::parent);
        if op.before.is_some() && !{ above }.all(|dir| is_dir(&dir)) {
            drift.push(because("a directory above it is gone or was replaced"));
        }
    }
    Ok(drift)
}

fn reversed(context: &Context, record: &ApplyRecord, dir: &Path) -> ApplyRecord {
    let ops = record.ops.iter().map(|op| Op {
        path: op.path.clone(),
        before: op.after.clone(),
        after: op.before.clone(),
    });
    let kind = ApplyKind::Undo { of: record.id.clone() };
    let sessions = record.sessions.clone();
    ApplyRecord {
        ops: ops.collect(),
        ..ApplyRecord::new(context, dir, &record.project, sessions, kind)
    }
}

/// Stores the bytes of both sides of the writes.
fn keep_bytes(ops: &[Op], from: &Store, to: &Store) -> Result<(), StoreError> {
    to.create()?;
    for node in ops.iter().flat_map(|op| [&op.before, &op.after]).flatten() {
        if let Some(content) = node.content() {
            to.keep(&from.read(content)?)?;
        }
    }
    Ok(())
}

/// Makes an applied session open again for review and apply.
fn reopen(context: &Context, id: &str) -> Result<(), UndoError> {
    let dir = context.state.session(id);
    if let Ok(mut session) = Session::load(&dir)
        && session.state == State::Applied
    {
        session.state = State::Open;
        session.save(&dir)?;
    }
    Ok(())
}
