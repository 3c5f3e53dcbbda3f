//! The two texts of a change whose hunks are selected one by one.

use super::PlanError;
use super::builder::Contribution;
use crate::changeset::{Change, Hunk, HunkPart, TextDiff, select_parts, text_diff};
use crate::entry::{Node, Storage};

/// Both texts of a change and the hunks between them.
pub(super) struct ChangedText<'a> {
    change: &'a Change,
    old: Vec<u8>,
    new: Vec<u8>,
    hunks: Vec<Hunk>,
}

impl<'a> ChangedText<'a> {
    /// Reads and compares both sides. Fails if a side is not a text file.
    pub(super) fn read(
        contribution: &Contribution<'_>,
        change: &'a Change,
    ) -> Result<Self, PlanError> {
        let old = bytes_of(contribution, change, change.old.as_ref())?;
        let new = bytes_of(contribution, change, change.new.as_ref())?;
        match text_diff(&old, &new) {
            TextDiff::Text { hunks, .. } => Ok(Self { change, old, new, hunks }),
            TextDiff::Binary => Err(indivisible(change, "it is binary")),
        }
    }

    /// Returns the old text with the selected parts, or `None` if that is the whole new text.
    pub(super) fn with(&self, parts: &[HunkPart]) -> Result<Option<Vec<u8>>, PlanError> {
        parts.iter().try_for_each(|part| self.check(part.hunk))?;
        let bytes = select_parts(&self.old, &self.new, &self.hunks, parts);
        Ok((bytes != self.new).then_some(bytes))
    }

    /// Like [`Self::with`], for all hunks except those in `excluded`.
    pub(super) fn without(&self, excluded: &[usize]) -> Result<Option<Vec<u8>>, PlanError> {
        excluded.iter().try_for_each(|hunk| self.check(*hunk))?;
        let rest = self.hunks.iter().map(|hunk| hunk.index).filter(|hunk| !excluded.contains(hunk));
        self.with(&rest.map(HunkPart::whole).collect::<Vec<_>>())
    }

    fn check(&self, hunk: usize) -> Result<(), PlanError> {
        if (1..=self.hunks.len()).contains(&hunk) {
            return Ok(());
        }
        let path = self.change.path.lossy();
        Err(PlanError::NoSuchHunk { path, hunk, count: self.hunks.len() })
    }
}

fn bytes_of(
    contribution: &Contribution<'_>,
    change: &Change,
    side: Option<&Node>,
) -> Result<Vec<u8>, PlanError> {
    match side {
        None => Ok(Vec::new()),
        Some(Node::File { content, .. }) => {
            let path = match (&change.old_path, content.place) {
                (Some(old_path), Storage::Pack { .. } | Storage::Loose) => old_path,
                _ => &change.path,
            };
            Ok(contribution.source.bytes(path, content)?)
        }
        Some(_) => Err(indivisible(change, "it is not a regular file")),
    }
}

fn indivisible(change: &Change, why: &'static str) -> PlanError {
    PlanError::Indivisible { path: change.path.lossy(), why }
}
