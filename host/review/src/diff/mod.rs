//! One change as people look at it: both sides, where they differ, and its rows, of which only those in
//! sight are ever made.

mod facts;
mod fold;
mod paint;
mod rows;

use std::sync::Arc;

use massgen_isolation::changes::Opened;
use massgen_isolation::changeset::{
    Change, CompareError, Hunk, Lines, Scope, Source, TextDiff, text_diff,
};
use massgen_isolation::entry::{Hash, Node};
use massgen_isolation::path::RelPath;

pub use facts::{facts, headline, part_word, risk_words, status_letter, status_word};
pub(crate) use fold::fold_reason;
pub(crate) use paint::{CHUNK_LINES, Painter, Side};
pub(crate) use rows::{Changed, DiffRow, Layout, Rows};

/// A change with both of its sides.
#[derive(Debug)]
pub struct FileDiff {
    /// The lines before.
    pub old: Lines<Vec<u8>>,
    /// The lines after.
    pub new: Lines<Vec<u8>>,
    pub(crate) diff: TextDiff,
}

/// How much of a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Added lines.
    pub additions: usize,
    /// Deleted lines.
    pub deletions: usize,
    pub(crate) hunks: usize,
    /// Whether either side is binary.
    pub binary: bool,
}

impl FileDiff {
    /// Compares two texts.
    pub fn of(old: Vec<u8>, new: Vec<u8>) -> Self {
        let diff = text_diff(&old, &new);
        let index = |bytes: Vec<u8>| {
            // Of what is not shown line by line, no line is looked for.
            if diff == TextDiff::Binary { Lines::of(Vec::new()) } else { Lines::of(bytes) }
        };
        let (old, new) = (index(old), index(new));
        Self { old, new, diff }
    }

    /// Reads both sides of a change and compares them.
    pub fn load(old: &Opened, new: &Opened, change: &Change) -> Result<Self, CompareError> {
        let (old, new) = sides(old, new, change)?;
        Ok(Self::of(old, new))
    }

    /// The same, as a person decides on it: what is no file on both sides has no lines to choose from.
    pub fn to_review(old: &Opened, new: &Opened, change: &Change) -> Result<Self, CompareError> {
        let is_file = |node: &Option<Node>| matches!(node, None | Some(Node::File { .. }));
        if is_file(&change.old) && is_file(&change.new) {
            Self::load(old, new, change)
        } else {
            Ok(Self::of(Vec::new(), Vec::new()))
        }
    }

    /// Returns the hunks in order.
    pub fn hunks(&self) -> &[Hunk] {
        match &self.diff {
            TextDiff::Binary => &[],
            TextDiff::Text { hunks, .. } => hunks,
        }
    }

    /// Counts added and deleted lines.
    pub fn stats(&self) -> Stats {
        match &self.diff {
            TextDiff::Binary => Stats { binary: true, ..Stats::default() },
            TextDiff::Text { hunks, additions, deletions } => Stats {
                additions: *additions,
                deletions: *deletions,
                hunks: hunks.len(),
                binary: false,
            },
        }
    }

    /// The keys of its hunks, by which decisions find them again.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.hunks().iter().map(|hunk| hunk.key(&self.old, &self.new)).collect()
    }

    /// Bytes that it holds in memory.
    pub(crate) fn weight(&self) -> usize {
        self.old.text().len() + self.new.text().len() + 4 * (self.old.len() + self.new.len())
    }
}

/// Gives the diffs that a person looks at.
pub trait Diffs {
    /// Of one session's change, or why there is none.
    fn diff(&mut self, tab: usize, change: &Change) -> Result<Arc<FileDiff>, String>;
}

/// Both sides of a change as bytes: a file's content, a link's target.
pub fn sides(
    old: &Opened,
    new: &Opened,
    change: &Change,
) -> Result<(Vec<u8>, Vec<u8>), CompareError> {
    let unread = |node: &Option<Node>| {
        node.as_ref().and_then(Node::content).is_some_and(|content| content.hash == Hash::UNREAD)
    };
    if change.scope == Scope::IgnoredOutput && (unread(&change.old) || unread(&change.new)) {
        return Ok((Vec::new(), Vec::new()));
    }
    let old_path = change.old_path.as_ref().unwrap_or(&change.path);
    Ok((bytes(old, old_path, &change.old)?, bytes(new, &change.path, &change.new)?))
}

fn bytes(
    source: &dyn Source,
    path: &RelPath,
    node: &Option<Node>,
) -> Result<Vec<u8>, CompareError> {
    match node {
        None | Some(Node::Dir { .. }) => Ok(Vec::new()),
        Some(Node::Link { target }) => Ok(target.clone()),
        Some(Node::File { content, .. }) => source.bytes(path, content),
    }
}
