//! Plans single writes: compares what the project has with what a change expects, merges if asked to, and
//! adds the directories that appear or disappear with the files.

use super::builder::{Contribution, PlanBuilder};
use super::drift::drift;
use super::step::Stop;
use super::{OnDrift, Plan, PlanError, merge_text, modes};
use crate::changeset::Changeset;
use crate::entry::Node;
use crate::journal::{Delivery, Op};
use crate::path::RelPath;

/// The three versions of a path that a merge works on.
struct Versions<'a> {
    base: Option<&'a Node>,
    project: Option<&'a Node>,
    session: Option<&'a Node>,
}

impl PlanBuilder<'_> {
    /// Plans that `path` becomes `after`, where `before` is expected. Changes the plan only on success.
    pub(super) fn write(
        &self,
        plan: &mut Plan,
        contribution: &Contribution<'_>,
        path: &RelPath,
        (before, after): (Option<&Node>, Option<Node>),
    ) -> Result<(), Stop> {
        let current = self.current(plan, path).map_err(|error| match error {
            error if error.is_not_a_directory() => {
                Stop::conflict(path, no_directory_above(plan, contribution, path))
            }
            error => error.into(),
        })?;
        let session = contribution.session.to_string();
        let delivery = Delivery { session, path: path.clone(), node: after.clone() };
        if current == after {
            plan.deliveries.push(delivery);
            return Ok(());
        }
        let after = match drift(current.as_ref(), before, after.as_ref()) {
            None => after,
            Some(reason) if self.on_drift == OnDrift::Refuse => {
                return Err(Stop::drift(path, reason));
            }
            Some(reason) => {
                let (project, session) = (current.as_ref(), after.as_ref());
                let versions = Versions { base: before, project, session };
                Some(self.merge(plan, contribution, path, (versions, reason))?)
            }
        };
        let after = modes::settle(current.as_ref(), before, after);
        if is_dir(current.as_ref())
            && !is_dir(after.as_ref())
            && let Some(inside) = self.remaining_entries(plan, path)?.first()
        {
            let inside = inside.lossy();
            let reason = format!("the directory contains {inside}, which is not being applied");
            return Err(Stop::conflict(path, reason));
        }
        // A path that an earlier contribution wrote keeps the project's own node as its `before`.
        let before = match plan.ops.get(path) {
            Some(op) => op.before.clone(),
            None => self.keep_current(path, current)?,
        };
        plan.deliveries.push(delivery);
        plan.ops.insert(path.clone(), Op { path: path.clone(), before, after });
        Ok(())
    }

    /// Merges both sides of a drifted file. `drift` is the reason reported with a conflict.
    fn merge(
        &self,
        plan: &Plan,
        contribution: &Contribution<'_>,
        path: &RelPath,
        (versions, drift): (Versions<'_>, &str),
    ) -> Result<Node, Stop> {
        let conflict = |why: &str| Stop::conflict(path, format!("{drift}; {why}"));
        let Versions {
            project: Some(Node::File { content: ours, mode }),
            session: Some(Node::File { content: theirs, .. }),
            base,
        } = versions
        else {
            return Err(conflict("only files that exist on both sides can be merged"));
        };
        let base = match base {
            Some(Node::File { content, .. }) => contribution.source.bytes(path, content)?,
            None => return Err(conflict("both sides added it")),
            Some(_) => return Err(conflict("it was not a file before")),
        };
        let ours = match plan.ops.contains_key(path) {
            true => self.blobs.read(ours)?,
            false => self.target.bytes(path)?,
        };
        let theirs = self.blobs.read(theirs)?;
        let merged = merge_text(&base, &ours, &theirs)
            .ok_or_else(|| conflict("both sides changed the same lines"))?;
        Ok(Node::File { mode: *mode, content: self.blobs.keep(&merged)? })
    }

    /// Returns the node at a path once the plan so far is executed.
    fn current(&self, plan: &Plan, path: &RelPath) -> Result<Option<Node>, PlanError> {
        if let Some(op) = plan.ops.get(path) {
            return Ok(op.after.clone());
        }
        for op in dirs_above(path).filter_map(|dir| plan.ops.get(&dir)) {
            match (&op.before, &op.after) {
                (Some(Node::Dir { .. }), Some(Node::Dir { .. })) => {}
                // A directory that the plan makes or removes holds nothing but the plan's own writes.
                (_, None | Some(Node::Dir { .. })) => return Ok(None),
                (_, Some(_)) => {
                    let source = std::io::ErrorKind::NotADirectory.into();
                    return Err(PlanError::Target { path: path.lossy(), source });
                }
            }
        }
        self.target.node(path)
    }

    /// Keeps the bytes of the user's file, so that undo can restore them.
    fn keep_current(
        &self,
        path: &RelPath,
        current: Option<Node>,
    ) -> Result<Option<Node>, PlanError> {
        match current {
            Some(Node::File { mode, .. }) => {
                let content = self.blobs.keep(&self.target.bytes(path)?)?;
                Ok(Some(Node::File { mode, content }))
            }
            other => Ok(other),
        }
    }

    /// Plans the directories above a new path that are missing, or that the plan so far removes.
    pub(super) fn make_dirs(&self, plan: &mut Plan, path: &RelPath) -> Result<(), PlanError> {
        for dir in dirs_above(path).filter(|dir| !dir.is_root()) {
            if self.current(plan, &dir)?.is_some() {
                continue;
            }
            match plan.ops.remove(&dir).map(|op| op.before) {
                Some(Some(Node::Dir { .. })) => {}
                before => {
                    let (before, after) = (before.flatten(), Some(Node::Dir { mode: 0o755 }));
                    plan.ops.insert(dir.clone(), Op { path: dir, before, after });
                }
            }
        }
        Ok(())
    }

    /// Plans the removal of directories that the agent removed and that the plan empties.
    pub(super) fn remove_dirs(
        &self,
        plan: &mut Plan,
        changes: &Changeset,
    ) -> Result<(), PlanError> {
        let mut dirs = changes.gone_dirs.clone();
        dirs.sort_by_key(|dir| std::cmp::Reverse(dir.depth()));
        for dir in dirs {
            let loses_a_file = ops_below(plan, &dir).any(|op| op.after.is_none());
            if loses_a_file
                && !plan.ops.contains_key(&dir)
                && let Some(node @ Node::Dir { .. }) = self.project_node(&dir)?
                && self.remaining_entries(plan, &dir)?.is_empty()
            {
                plan.ops.insert(dir.clone(), Op { path: dir, before: Some(node), after: None });
            }
        }
        Ok(())
    }

    /// Returns the node at a path of the project. Below a file there is none.
    fn project_node(&self, path: &RelPath) -> Result<Option<Node>, PlanError> {
        match self.target.node(path) {
            Err(error) if error.is_not_a_directory() => Ok(None),
            other => other,
        }
    }

    /// Returns the entries of a directory once the plan so far is executed.
    fn remaining_entries(&self, plan: &Plan, dir: &RelPath) -> Result<Vec<RelPath>, PlanError> {
        let existing = match self.project_node(dir)? {
            Some(Node::Dir { .. }) => self.target.names(dir)?,
            _ => Vec::new(),
        };
        let existing = existing.iter().map(|name| dir.join(name));
        let untouched = existing.filter(|path| !plan.ops.contains_key(path));
        let written = ops_below(plan, dir).filter(|op| op.after.is_some());
        Ok(untouched.chain(written.map(|op| op.path.clone())).collect())
    }
}

fn is_dir(node: Option<&Node>) -> bool {
    matches!(node, Some(Node::Dir { .. }))
}

/// Returns the directories above a path, innermost first. The last one is the root.
fn dirs_above(path: &RelPath) -> impl Iterator<Item = RelPath> + use<> {
    std::iter::successors(path.parent(), RelPath::parent)
}

/// Returns the writes below a directory. Paths are ordered by their bytes, and no name starts with a byte
/// below 1.
fn ops_below<'p>(plan: &'p Plan, dir: &'p RelPath) -> impl Iterator<Item = &'p Op> {
    let within = plan.ops.range(dir.join(&[1])..).map(|(_, op)| op);
    within.take_while(move |op| op.path.is_within(dir))
}

/// Returns why nothing can be created at a path: a file or link above it comes from the plan, from the
/// same session, or from the user.
fn no_directory_above(plan: &Plan, contribution: &Contribution<'_>, path: &RelPath) -> String {
    let planned = |dir: &RelPath| {
        let after = plan.ops.get(dir).and_then(|op| op.after.as_ref());
        after.is_some() && !is_dir(after)
    };
    let changes = &contribution.changes.changes;
    let changed = |dir: &RelPath| changes.iter().any(|change| change.path == *dir);
    if let Some(dir) = dirs_above(path).find(planned) {
        format!("another change turns {} into a file or a link", dir.lossy())
    } else if let Some(dir) = dirs_above(path).find(changed) {
        format!("{} must become a directory first: apply its change too", dir.lossy())
    } else {
        "a directory above it is a file or a link in the project".into()
    }
}
