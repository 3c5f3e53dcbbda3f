//! Builds a plan: for each selected change, the writes that bring it into the project.

use std::collections::BTreeSet;

use super::changed_text::ChangedText;
use super::step::Stop;
use super::{BlobStore, OnDrift, PathReason, Plan, PlanError, Target};
use crate::changeset::{Change, ChangeStatus, Changeset, Source};
use crate::entry::{MODE_MASK, Node};
use crate::path::{RelPath, forbidden_component};
use crate::review::{Chosen, Selection};

/// What one session contributes to an apply.
pub struct Contribution<'a> {
    /// Id of the session.
    pub session: &'a str,
    /// Its changes.
    pub changes: &'a Changeset,
    /// Source of the bytes on both sides of the changes.
    pub source: &'a dyn Source,
    /// The changes and hunks to apply.
    pub selection: &'a Selection,
}

/// Builds plans against one project.
pub struct PlanBuilder<'a> {
    /// The project.
    pub target: &'a dyn Target,
    /// Store of the bytes that will be written or overwritten.
    pub blobs: &'a dyn BlobStore,
    /// How drift is handled.
    pub on_drift: OnDrift,
    /// Paths with unresolved merge conflicts in the user's repository.
    pub unmerged: &'a BTreeSet<RelPath>,
}

/// How much of a change is applied.
enum Extent {
    /// All of it.
    Whole,
    /// Some hunks, which make this node.
    Partial(Node),
}

/// What is planned for one change.
enum Request {
    Apply(Extent),
    Skip(String),
}

impl PlanBuilder<'_> {
    /// Adds one session's contribution to a plan. Later contributions build on the writes of earlier ones.
    pub fn add(&self, plan: &mut Plan, contribution: &Contribution<'_>) -> Result<(), PlanError> {
        let mut selected = Vec::new();
        for change in &contribution.changes.changes {
            match self.request(contribution, change) {
                Ok(Request::Apply(extent)) => selected.push((change, extent)),
                Ok(Request::Skip(reason)) => {
                    plan.skipped.push(PathReason { path: change.path.clone(), reason });
                }
                Err(stop) => _ = plan.settle(Err(stop))?,
            }
        }
        // Removals come first: a directory can become a file only when nothing is left in it.
        let mut arrivals = Vec::new();
        for (change, extent) in selected {
            let vacated = vacated_path(change, &extent);
            let removal = match vacated {
                Some(path) => self.write(plan, contribution, path, (change.old.as_ref(), None)),
                None => Ok(()),
            };
            let arrives = vacated != Some(&change.path);
            if plan.settle(removal)? {
                arrivals.push((change, arrives.then_some(extent)));
            }
        }
        self.remove_dirs(plan, contribution.changes)?;
        for (change, extent) in arrivals {
            let arrival = match extent {
                Some(extent) => self.arrive(plan, contribution, change, extent),
                None => Ok(()),
            };
            if plan.settle(arrival)? {
                plan.applied.push(change.path.clone());
            }
        }
        for unreadable in &contribution.changes.unreadable {
            let (path, reason) = (unreadable.path.clone(), unreadable.reason.clone());
            plan.skipped.push(PathReason { path, reason });
        }
        plan.applied.sort();
        plan.applied.dedup();
        Ok(())
    }

    /// Decides from the selection what to do with a change.
    fn request(&self, contribution: &Contribution<'_>, change: &Change) -> Result<Request, Stop> {
        if let Some(name) = forbidden_component(&change.path) {
            return Ok(Request::Skip(format!("{name} names a git directory")));
        }
        let selection = contribution.selection;
        let extent = match selection.choose(change) {
            Chosen::No(reason) => return Ok(Request::Skip(reason.into())),
            // Numbers of hunks mean nothing for a change other than the reviewed one.
            _ if selection.is_stale(change) => {
                let reason = "the agent's version changed since it was reviewed";
                return Err(Stop::conflict(&change.path, reason));
            }
            Chosen::Whole => Extent::Whole,
            Chosen::Parts(parts) => {
                let text = ChangedText::read(contribution, change)?;
                self.extent(change, text.with(&parts)?)?
            }
            Chosen::AllBut(excluded) => {
                let text = ChangedText::read(contribution, change)?;
                self.extent(change, text.without(&excluded)?)?
            }
        };
        if self.unmerged.contains(&change.path) {
            let reason = "it has unresolved merge conflicts in git";
            return Err(Stop::conflict(&change.path, reason));
        }
        Ok(Request::Apply(extent))
    }

    /// Returns the extent for a partial text. `None` stands for the whole change.
    fn extent(&self, change: &Change, text: Option<Vec<u8>>) -> Result<Extent, PlanError> {
        let Some(bytes) = text else { return Ok(Extent::Whole) };
        let mode_of = |node: &Option<Node>| node.as_ref().map(|node| node.mode() & MODE_MASK);
        let mode = mode_of(&change.old).or(mode_of(&change.new)).unwrap_or(0o644);
        Ok(Extent::Partial(Node::File { mode, content: self.blobs.keep(&bytes)? }))
    }

    /// Plans the node that stands at a change's path afterwards, and the directories it needs.
    fn arrive(
        &self,
        plan: &mut Plan,
        contribution: &Contribution<'_>,
        change: &Change,
        extent: Extent,
    ) -> Result<(), Stop> {
        let after = match (extent, &change.new) {
            (Extent::Partial(node), _) => Some(node),
            (Extent::Whole, Some(Node::File { mode, content })) => {
                // Keeping the bytes now protects them from later writes in the workspace.
                let bytes = contribution.source.bytes(&change.path, content)?;
                Some(Node::File { mode: *mode, content: self.blobs.keep(&bytes)? })
            }
            (Extent::Whole, new) => new.clone(),
        };
        let before = if change.old_path.is_some() { None } else { change.old.as_ref() };
        self.write(plan, contribution, &change.path, (before, after))?;
        Ok(self.make_dirs(plan, &change.path)?)
    }
}

/// Returns the path that is empty once a change is applied: a deleted path, or the old one of a rename.
fn vacated_path<'c>(change: &'c Change, extent: &Extent) -> Option<&'c RelPath> {
    let deleted = change.status == ChangeStatus::Deleted && matches!(extent, Extent::Whole);
    change.old_path.as_ref().or(deleted.then_some(&change.path))
}
