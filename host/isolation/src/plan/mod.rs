//! The exact writes of an apply, frozen before the first one: for each path what must be there, and what
//! will be there. Drift is found here, and merged only when the user asked for it.

mod merge;
mod modes;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use merge::merge_text;

use crate::changeset::{
    Change, Changeset, CompareError, Part as HunkPart, Source, Status, TextDiff, select_parts,
    text_diff,
};
use crate::entry::{Content, MODE_MASK, Node};
use crate::path::{RelPath, forbidden_component};
use crate::review::{Chosen, Selection};
use crate::store::StoreError;

/// What is done when the target is not what the session began from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// Nothing is applied.
    #[default]
    Refuse,
    /// Both sides are merged; what can't be merged is a conflict, and nothing is applied.
    Merge,
}

/// One write. `before` is what must be there when it is made; none: nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// Where.
    pub path: RelPath,
    /// What must be there.
    pub before: Option<Node>,
    /// What will be there.
    pub after: Option<Node>,
}

/// What the user's tree holds of a session's work at a path, for later comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// The session.
    pub session: String,
    /// Where.
    pub path: RelPath,
    /// What. None: the path is gone.
    pub node: Option<Node>,
}

/// A path with a reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Because {
    /// The path.
    pub path: RelPath,
    /// The reason.
    pub reason: String,
}

/// What an apply will do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Writes; at most one for each path.
    pub ops: BTreeMap<RelPath, Op>,
    /// What of which session is delivered.
    pub deliveries: Vec<Delivery>,
    /// Changes that will be applied.
    pub applied: Vec<RelPath>,
    /// Changes that will not be applied, with the reason.
    pub skipped: Vec<Because>,
    /// What can't be applied. With any of these nothing is.
    pub conflicts: Vec<Because>,
}

/// The user's tree, as far as a plan looks at it.
pub trait Target {
    /// What stands at a path. A path below something that is no directory is a conflict.
    fn node(&self, path: &RelPath) -> Result<Option<Node>, PlanError>;
    /// The bytes of a file.
    fn bytes(&self, path: &RelPath) -> Result<Vec<u8>, PlanError>;
    /// Names in a directory.
    fn names(&self, path: &RelPath) -> Result<Vec<Vec<u8>>, PlanError>;
}

/// Takes the bytes that will be written.
pub trait Keeper {
    /// Keeps bytes; the content tells where.
    fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError>;
    /// Gives kept bytes back.
    fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError>;
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A hunk was named that is not there.
    #[error("{path} has {there} hunks; hunk {wanted} was asked for")]
    Hunk {
        /// The file.
        path: String,
        /// The hunk.
        wanted: usize,
        /// How many there are.
        there: usize,
    },
    /// Hunks of something that has none.
    #[error("{path} can be taken or left as a whole only: {why}")]
    Whole {
        /// The path.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// The user's tree can't be read.
    #[error("{path} can't be read in the project")]
    Target {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Bytes can't be had.
    #[error(transparent)]
    Source(#[from] CompareError),
    /// Bytes can't be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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
        // What goes comes first: a directory becomes a file only when nothing is left in it.
        let gone = |change: &&Change| change.status == Status::Deleted;
        let changes = &part.changes.changes;
        let ordered = changes.iter().filter(gone).chain(changes.iter().filter(|c| !gone(c)));
        for change in ordered {
            let skip = |reason: &str| Because { path: change.path.clone(), reason: reason.into() };
            if let Some(name) = forbidden_component(&change.path) {
                plan.skipped.push(skip(&format!("{name} stands for a git directory")));
                continue;
            }
            let wanted = match part.selection.choose(change) {
                Chosen::No(reason) => {
                    plan.skipped.push(skip(reason));
                    continue;
                }
                // Hunks of another change than the one that was looked at mean nothing.
                _ if part.selection.is_stale(change) => {
                    plan.conflicts.push(skip("the agent's version changed since it was reviewed"));
                    continue;
                }
                Chosen::Whole => Wanted::Whole,
                Chosen::Parts(parts) => self.hunks(part, change, &parts, false)?,
                Chosen::AllBut(not) => {
                    let not: Vec<HunkPart> = not.into_iter().map(HunkPart::whole).collect();
                    self.hunks(part, change, &not, true)?
                }
            };
            if self.unmerged.contains(&change.path) {
                plan.conflicts.push(skip("git has not merged it yet"));
                continue;
            }
            self.change(plan, part, change, &wanted)?;
        }
        for left in &part.changes.unreadable {
            plan.skipped.push(Because { path: left.path.clone(), reason: left.reason.clone() });
        }
        plan.applied.sort();
        plan.applied.dedup();
        self.remove_dirs(plan, part.changes)
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

    fn change(
        &self,
        plan: &mut Plan,
        part: &Part<'_>,
        change: &Change,
        wanted: &Wanted,
    ) -> Result<(), PlanError> {
        let after = match wanted {
            Wanted::Whole => self.kept(part, &change.path, change.new.as_ref())?,
            Wanted::Part(node) => Some(node.clone()),
        };
        let renamed = change.old_path.as_ref();
        let before = if renamed.is_some() { None } else { change.old.as_ref() };
        let conflicts = plan.conflicts.len();
        if let Some(old_path) = renamed {
            self.write(plan, part, old_path, (change.old.as_ref(), None))?;
        }
        self.write(plan, part, &change.path, (before, after))?;
        if plan.conflicts.len() == conflicts && change.status != Status::Deleted {
            self.make_dirs(plan, &change.path)?;
        }
        if plan.conflicts.len() == conflicts {
            plan.applied.push(change.path.clone());
        }
        Ok(())
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
            Err(PlanError::Target { source, .. })
                if source.kind() == std::io::ErrorKind::NotADirectory =>
            {
                plan.conflicts.push(conflict(
                    path,
                    "a directory above it is a file or a link in the project",
                ));
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
            let kept = self.names_that_stay(plan, path)?;
            if kept > 0 {
                plan.conflicts.push(conflict(
                    path,
                    "the directory holds files that are not part of the session",
                ));
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
        // Below a directory that this plan makes, or takes away, nothing stands yet.
        let above = std::iter::successors(path.parent(), RelPath::parent);
        for dir in above {
            if let Some(op) = plan.ops.get(&dir)
                && !matches!(op.before, Some(Node::Dir { .. }))
            {
                return Ok(None);
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

    /// Directories above a new path that are not there yet.
    fn make_dirs(&self, plan: &mut Plan, path: &RelPath) -> Result<(), PlanError> {
        for dir in
            std::iter::successors(path.parent(), RelPath::parent).filter(|dir| !dir.is_root())
        {
            if plan.ops.contains_key(&dir) {
                continue;
            }
            if self.current(plan, &dir)?.is_none() {
                let after = Some(Node::Dir { mode: 0o755 });
                plan.ops.insert(dir.clone(), Op { path: dir, before: None, after });
            }
        }
        Ok(())
    }

    /// Directories that the agent removed go when they are empty; those that hold something stay.
    fn remove_dirs(&self, plan: &mut Plan, changes: &Changeset) -> Result<(), PlanError> {
        let mut dirs = changes.gone_dirs.clone();
        dirs.sort_by_key(|dir| std::cmp::Reverse(dir.depth()));
        for dir in dirs {
            let lost_a_file =
                plan.ops.values().any(|op| op.after.is_none() && op.path.is_within(&dir));
            let there = lost_a_file && !plan.ops.contains_key(&dir);
            if there
                && let Some(node @ Node::Dir { .. }) = self.target.node(&dir)?
                && self.names_that_stay(plan, &dir)? == 0
            {
                plan.ops.insert(dir.clone(), Op { path: dir, before: Some(node), after: None });
            }
        }
        Ok(())
    }

    /// How many entries a directory keeps when the plan so far is done.
    fn names_that_stay(&self, plan: &Plan, dir: &RelPath) -> Result<usize, PlanError> {
        let names = self.target.names(dir)?;
        let stays =
            |name: &&Vec<u8>| plan.ops.get(&dir.join(name)).is_none_or(|op| op.after.is_some());
        Ok(names.iter().filter(stays).count())
    }
}

enum Wanted {
    Whole,
    Part(Node),
}

fn conflict(path: &RelPath, reason: &str) -> Because {
    Because { path: path.clone(), reason: reason.to_string() }
}

/// The same thing, permissions included.
fn same(a: Option<&Node>, b: Option<&Node>) -> bool {
    a == b
}

/// Why the target is not what the change is based on; none if it is. Permissions that the change does
/// not touch may differ.
fn drift(
    current: Option<&Node>,
    before: Option<&Node>,
    after: Option<&Node>,
) -> Option<&'static str> {
    match (current, before) {
        (None, None) => None,
        (Some(_), None) => Some("the project has one of its own by now"),
        (None, Some(_)) => Some("it is gone from the project by now"),
        (Some(current), Some(before)) => {
            let same_thing = match (current, before) {
                (Node::File { content: a, .. }, Node::File { content: b, .. }) => a == b,
                (Node::Link { target: a }, Node::Link { target: b }) => a == b,
                (Node::Dir { .. }, Node::Dir { .. }) => true,
                _ => false,
            };
            let bits = |node: &Node| node.mode() & MODE_MASK;
            let wants_mode = after
                .is_some_and(|after| after.kind() == before.kind() && bits(after) != bits(before));
            let mode_drifted = bits(current) & 0o111 != bits(before) & 0o111;
            if !same_thing {
                Some("it changed in the project since the session began")
            } else if wants_mode && mode_drifted {
                Some("its permissions changed in the project since the session began")
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
