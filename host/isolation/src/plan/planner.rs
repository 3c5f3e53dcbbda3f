//! Makes a plan: for each change that was chosen, the write that brings it into the project.

use std::collections::BTreeSet;

use super::drift::drift;
use super::{Because, Keeper, OnDrift, Plan, PlanError, Target, merge_text, modes};
use crate::changeset::{
    Change, Changeset, Part as HunkPart, Source, Status, TextDiff, select_parts, text_diff,
};
use crate::entry::{MODE_MASK, Node};
use crate::journal::{Delivery, Op};
use crate::path::{RelPath, forbidden_component};
use crate::review::{Chosen, Selection};

/// One session's part in an apply.
pub struct Part<'a> {
    /// The session.
    pub session: &'a str,
    /// Its changes.
    pub changes: &'a Changeset,
    /// Its bytes.
    pub source: &'a dyn Source,
    /// What was decided.
    pub selection: &'a Selection,
}

/// What a plan is made against.
pub struct Planner<'a> {
    /// The user's tree.
    pub target: &'a dyn Target,
    /// Takes bytes.
    pub keeper: &'a dyn Keeper,
    /// What to do about drift.
    pub on_drift: OnDrift,
    /// Paths that the user's own git has not merged yet.
    pub unmerged: &'a BTreeSet<RelPath>,
}

impl Planner<'_> {
    /// Adds one session's part to a plan. A later part sees what the earlier ones will have written.
    pub fn add(&self, plan: &mut Plan, part: &Part<'_>) -> Result<(), PlanError> {
        let mut chosen = Vec::new();
        for change in &part.changes.changes {
            if let Some(wanted) = self.wanted(plan, part, change)? {
                chosen.push((change, wanted));
            }
        }
        // What goes comes first: a directory becomes a file only when nothing is left in it.
        let mut left = Vec::new();
        for (change, wanted) in chosen {
            let conflicts = plan.conflicts.len();
            if let Some(path) = leaves(change, &wanted) {
                self.write(plan, part, path, (change.old.as_ref(), None))?;
            }
            if plan.conflicts.len() == conflicts {
                left.push((change, wanted));
            }
        }
        self.remove_dirs(plan, part.changes)?;
        for (change, wanted) in left {
            let conflicts = plan.conflicts.len();
            if leaves(change, &wanted) != Some(&change.path) {
                self.arrive(plan, part, change, wanted)?;
            }
            if plan.conflicts.len() == conflicts {
                plan.applied.push(change.path.clone());
            }
        }
        for left in &part.changes.unreadable {
            plan.skipped.push(Because { path: left.path.clone(), reason: left.reason.clone() });
        }
        plan.applied.sort();
        plan.applied.dedup();
        Ok(())
    }

    /// What was decided of a change; none if it is not applied, for a reason that the plan is told.
    fn wanted(
        &self,
        plan: &mut Plan,
        part: &Part<'_>,
        change: &Change,
    ) -> Result<Option<Wanted>, PlanError> {
        let because = |reason: &str| Because { path: change.path.clone(), reason: reason.into() };
        if let Some(name) = forbidden_component(&change.path) {
            plan.skipped.push(because(&format!("{name} stands for a git directory")));
            return Ok(None);
        }
        let wanted = match part.selection.choose(change) {
            Chosen::No(reason) => {
                plan.skipped.push(because(reason));
                return Ok(None);
            }
            // Hunks of another change than the one that was looked at mean nothing.
            _ if part.selection.is_stale(change) => {
                plan.conflicts.push(because("the agent's version changed since it was reviewed"));
                return Ok(None);
            }
            Chosen::Whole => Wanted::Whole,
            Chosen::Parts(parts) => self.hunks(part, change, &parts, false)?,
            Chosen::AllBut(not) => {
                let not: Vec<HunkPart> = not.into_iter().map(HunkPart::whole).collect();
                self.hunks(part, change, &not, true)?
            }
        };
        if self.unmerged.contains(&change.path) {
            plan.conflicts.push(because("git has not merged it yet"));
            return Ok(None);
        }
        Ok(Some(wanted))
    }

    /// The node that a selection of hunks makes: of those that are named, or of all but those.
    fn hunks(
        &self,
        part: &Part<'_>,
        change: &Change,
        named: &[HunkPart],
        all_but: bool,
    ) -> Result<Wanted, PlanError> {
        let whole = |why| PlanError::Whole { path: change.path.lossy(), why };
        let side = |node: &Option<Node>| match node {
            None => Ok(Vec::new()),
            Some(Node::File { content, .. }) => {
                let path = change.old_path.as_ref().unwrap_or(&change.path);
                let path = if content.place == crate::entry::Place::Workspace {
                    &change.path
                } else {
                    path
                };
                Ok(part.source.bytes(path, content)?)
            }
            Some(_) => Err(whole("it is no file")),
        };
        let (old, new) = (side(&change.old)?, side(&change.new)?);
        let TextDiff::Text { hunks, .. } = text_diff(&old, &new) else {
            return Err(whole("it is binary"));
        };
        if let Some(wanted) = named.iter().find(|p| p.hunk > hunks.len() || p.hunk == 0) {
            return Err(PlanError::Hunk {
                path: change.path.lossy(),
                wanted: wanted.hunk,
                there: hunks.len(),
            });
        }
        let parts: Vec<HunkPart> = if all_but {
            let rest = hunks.iter().filter(|hunk| !named.iter().any(|p| p.hunk == hunk.index));
            rest.map(|hunk| HunkPart::whole(hunk.index)).collect()
        } else {
            named.to_vec()
        };
        let bytes = select_parts(&old, &new, &hunks, &parts);
        if bytes == new {
            return Ok(Wanted::Whole);
        }
        let content = self.keeper.keep(&bytes)?;
        let mode_of = |node: &Option<Node>| node.as_ref().map(|node| node.mode() & MODE_MASK);
        let mode = mode_of(&change.old).or(mode_of(&change.new)).unwrap_or(0o644);
        Ok(Wanted::Part(Node::File { mode, content }))
    }

    /// Plans what stands at a change's path afterwards, with the directories that it needs.
    fn arrive(
        &self,
        plan: &mut Plan,
        part: &Part<'_>,
        change: &Change,
        wanted: Wanted,
    ) -> Result<(), PlanError> {
        let after = match wanted {
            Wanted::Whole => self.kept(part, &change.path, change.new.as_ref())?,
            Wanted::Part(node) => Some(node),
        };
        let before = if change.old_path.is_some() { None } else { change.old.as_ref() };
        let conflicts = plan.conflicts.len();
        self.write(plan, part, &change.path, (before, after))?;
        if plan.conflicts.len() == conflicts { self.make_dirs(plan, &change.path) } else { Ok(()) }
    }

    /// A node whose bytes are kept, so that nothing can change them any more.
    fn kept(
        &self,
        part: &Part<'_>,
        path: &RelPath,
        node: Option<&Node>,
    ) -> Result<Option<Node>, PlanError> {
        Ok(match node {
            Some(Node::File { mode, content }) => {
                let bytes = part.source.bytes(path, content)?;
                Some(Node::File { mode: *mode, content: self.keeper.keep(&bytes)? })
            }
            other => other.cloned(),
        })
    }

    /// Plans that `path` becomes `after`, where `before` is expected.
    fn write(
        &self,
        plan: &mut Plan,
        part: &Part<'_>,
        path: &RelPath,
        (before, after): (Option<&Node>, Option<Node>),
    ) -> Result<(), PlanError> {
        let current = match self.current(plan, path) {
            Ok(current) => current,
            Err(error) if error.is_below_no_directory() => {
                plan.conflicts.push(conflict(path, &no_directory_above(plan, part, path)));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let delivery =
            Delivery { session: part.session.into(), path: path.clone(), node: after.clone() };
        if same(current.as_ref(), after.as_ref()) {
            plan.deliveries.push(delivery);
            return Ok(());
        }
        let after = match drift(current.as_ref(), before, after.as_ref()) {
            None => modes::settle(current.as_ref(), before, after),
            Some(reason) if self.on_drift == OnDrift::Refuse => {
                plan.conflicts.push(conflict(path, reason));
                plan.drifted = true;
                return Ok(());
            }
            Some(reason) => {
                let sides = (before, current.as_ref(), after.as_ref());
                match self.merged(plan, part, path, sides)? {
                    Ok(merged) => modes::settle(current.as_ref(), before, Some(merged)),
                    Err(why) => {
                        plan.conflicts.push(conflict(path, &format!("{reason}; {why}")));
                        return Ok(());
                    }
                }
            }
        };
        if matches!(current, Some(Node::Dir { .. })) && !matches!(after, Some(Node::Dir { .. })) {
            let stay = self.names_that_stay(plan, path)?;
            if let Some(inside) = stay.first() {
                let reason = format!(
                    "the directory holds {}, which is not part of what is applied",
                    inside.lossy()
                );
                plan.conflicts.push(conflict(path, &reason));
                return Ok(());
            }
        }
        plan.deliveries.push(delivery);
        // A path that an earlier part wrote keeps what the project itself holds as its `before`.
        let first = plan.ops.get(path).map(|op| op.before.clone());
        let before = first.unwrap_or(self.keep_current(plan, path, current)?);
        plan.ops.insert(path.clone(), Op { path: path.clone(), before, after });
        Ok(())
    }

    /// What will stand at a path when the plan so far is done.
    fn current(&self, plan: &Plan, path: &RelPath) -> Result<Option<Node>, PlanError> {
        if let Some(op) = plan.ops.get(path) {
            return Ok(op.after.clone());
        }
        let above = std::iter::successors(path.parent(), RelPath::parent);
        for op in above.filter_map(|dir| plan.ops.get(&dir)) {
            match (&op.before, &op.after) {
                (Some(Node::Dir { .. }), Some(Node::Dir { .. })) => {}
                // Below a directory that the plan makes or takes away nothing else stands.
                (_, None | Some(Node::Dir { .. })) => return Ok(None),
                (_, Some(_)) => {
                    let source = std::io::ErrorKind::NotADirectory.into();
                    return Err(PlanError::Target { path: path.lossy(), source });
                }
            }
        }
        self.target.node(path)
    }

    /// What the user's file holds is kept before anything is written over it.
    fn keep_current(
        &self,
        plan: &Plan,
        path: &RelPath,
        current: Option<Node>,
    ) -> Result<Option<Node>, PlanError> {
        match current {
            Some(Node::File { mode, .. }) if !plan.ops.contains_key(path) => {
                let content = self.keeper.keep(&self.target.bytes(path)?)?;
                Ok(Some(Node::File { mode, content }))
            }
            other => Ok(other),
        }
    }

    fn merged(
        &self,
        plan: &Plan,
        part: &Part<'_>,
        path: &RelPath,
        (before, current, after): (Option<&Node>, Option<&Node>, Option<&Node>),
    ) -> Result<Result<Node, &'static str>, PlanError> {
        let (Some(Node::File { content: ours, mode }), Some(Node::File { content: theirs, .. })) =
            (current, after)
        else {
            return Ok(Err("what is gone on one side, or no file, can't be merged"));
        };
        let base = match before {
            Some(Node::File { content, .. }) => part.source.bytes(path, content)?,
            None => return Ok(Err("both sides made it")),
            Some(_) => return Ok(Err("it was no file before")),
        };
        let ours = match plan.ops.contains_key(path) {
            true => self.keeper.read(ours)?,
            false => self.target.bytes(path)?,
        };
        let theirs = self.keeper.read(theirs)?;
        let Some(merged) = merge_text(&base, &ours, &theirs) else {
            return Ok(Err("both sides changed the same lines"));
        };
        Ok(Ok(Node::File { mode: *mode, content: self.keeper.keep(&merged)? }))
    }

    /// Directories above a new path that are not there yet, or that the plan so far takes away.
    fn make_dirs(&self, plan: &mut Plan, path: &RelPath) -> Result<(), PlanError> {
        for dir in
            std::iter::successors(path.parent(), RelPath::parent).filter(|dir| !dir.is_root())
        {
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

    /// Directories that the agent removed go when they are empty; those that hold something stay.
    fn remove_dirs(&self, plan: &mut Plan, changes: &Changeset) -> Result<(), PlanError> {
        let mut dirs = changes.gone_dirs.clone();
        dirs.sort_by_key(|dir| std::cmp::Reverse(dir.depth()));
        for dir in dirs {
            let lost_a_file = below(plan, &dir).any(|op| op.after.is_none());
            let there = lost_a_file && !plan.ops.contains_key(&dir);
            if there
                && let Some(node @ Node::Dir { .. }) = self.standing(&dir)?
                && self.names_that_stay(plan, &dir)?.is_empty()
            {
                plan.ops.insert(dir.clone(), Op { path: dir, before: Some(node), after: None });
            }
        }
        Ok(())
    }

    /// What stands at a path of the project now; nothing below what is no directory.
    fn standing(&self, path: &RelPath) -> Result<Option<Node>, PlanError> {
        match self.target.node(path) {
            Err(error) if error.is_below_no_directory() => Ok(None),
            other => other,
        }
    }

    /// The entries that a directory has when the plan so far is done.
    fn names_that_stay(&self, plan: &Plan, dir: &RelPath) -> Result<Vec<RelPath>, PlanError> {
        let there = match self.standing(dir)? {
            Some(Node::Dir { .. }) => self.target.names(dir)?,
            _ => Vec::new(),
        };
        let there = there.iter().map(|name| dir.join(name));
        let stay = there.filter(|path| !plan.ops.contains_key(path));
        let made = below(plan, dir).filter(|op| op.after.is_some());
        Ok(stay.chain(made.map(|op| op.path.clone())).collect())
    }
}

enum Wanted {
    Whole,
    Part(Node),
}

/// The writes below a directory. Paths are in the order of their bytes, and no name begins with less than 1.
fn below<'p>(plan: &'p Plan, dir: &'p RelPath) -> impl Iterator<Item = &'p Op> {
    let within = plan.ops.range(dir.join(&[1])..).map(|(_, op)| op);
    within.take_while(move |op| op.path.is_within(dir))
}

/// The path that nothing stands at any more when a change is applied.
fn leaves<'c>(change: &'c Change, wanted: &Wanted) -> Option<&'c RelPath> {
    let deleted = change.status == Status::Deleted && matches!(wanted, Wanted::Whole);
    change.old_path.as_ref().or(deleted.then_some(&change.path))
}

/// Why nothing can be made at a path: what stands above it is a change of its own, another session's, or the
/// user's.
fn no_directory_above(plan: &Plan, part: &Part<'_>, path: &RelPath) -> String {
    let above = || std::iter::successors(path.parent(), RelPath::parent);
    let changed = |dir: &RelPath| part.changes.changes.iter().any(|change| change.path == *dir);
    let planned = |dir: &RelPath| {
        let op = plan.ops.get(dir).and_then(|op| op.after.as_ref());
        op.is_some_and(|after| !matches!(after, Node::Dir { .. }))
    };
    if let Some(dir) = above().find(planned) {
        format!("{} becomes a file or a link by another change", dir.lossy())
    } else if let Some(dir) = above().find(changed) {
        format!("{} has to become a directory first: apply its change, too", dir.lossy())
    } else {
        "a directory above it is a file or a link in the project".into()
    }
}

fn conflict(path: &RelPath, reason: &str) -> Because {
    Because { path: path.clone(), reason: reason.to_string() }
}

/// The same thing, permissions included.
fn same(a: Option<&Node>, b: Option<&Node>) -> bool {
    a == b
}
