//! The desk as a screen: rows of exactly the terminal's width. A function of the state; whoever draws it
//! only chooses colours.

mod dialog;
mod header;
mod pane;
mod tree;

use std::collections::HashMap;

use super::desk::{Desk, Mode};
use super::diff::Side;
use super::text::{LineClasses, Row, Segment, Tone, pad};

pub(crate) use dialog::summary_rows;
pub(crate) use header::told;
pub(crate) use pane::diff_height;

/// Below this, there is no room for a tree beside the diff.
const TREE_FROM_COLUMNS: usize = 60;

/// What is known of the words of files, by tab and item.
#[derive(Debug, Default)]
pub struct Highlights {
    files: HashMap<(usize, usize), FileClasses>,
    none: FileClasses,
}

/// Of one file: by side and chunk.
pub(crate) type FileClasses = HashMap<(Side, usize), Vec<LineClasses>>;

impl Highlights {
    /// Returns the highlights of one file.
    pub fn of(&self, tab: usize, item: usize) -> &FileClasses {
        self.files.get(&(tab, item)).unwrap_or(&self.none)
    }

    pub(crate) fn add(
        &mut self,
        (tab, item): (usize, usize),
        chunk: (Side, usize),
        lines: Vec<LineClasses>,
    ) {
        // A long review looks at many files; those that were looked at long ago are highlighted again.
        const FILES_MAX: usize = 64;
        if self.files.len() > FILES_MAX {
            self.files.clear();
        }
        self.files.entry((tab, item)).or_default().insert(chunk, lines);
    }

    /// What was known of a session's files is no longer true.
    pub(crate) fn forget(&mut self, tab: usize) {
        self.files.retain(|(known, _), _| *known != tab);
    }
}

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// What stands where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    /// Columns of the tree; 0: there is none.
    pub(crate) tree: usize,
    /// Rows between the bars.
    pub(crate) body: usize,
    /// First row of the tree's list that is shown.
    pub(crate) tree_top: usize,
}

/// Where things stand on a screen of this size.
pub(crate) fn areas(desk: &Desk, size: Size) -> Areas {
    let body = size.height.saturating_sub(3).max(1);
    let tree = if size.width >= TREE_FROM_COLUMNS && desk.mode != Mode::Compare {
        (size.width * 3 / 10).clamp(24, 56)
    } else {
        0
    };
    let tree_top = tree::top(desk.tab(), body);
    Areas { tree, body, tree_top }
}

/// The whole screen.
pub fn render(desk: &Desk, highlights: &Highlights, size: Size) -> Vec<Row> {
    let areas = areas(desk, size);
    let mut rows = vec![header::title(desk, size.width)];
    let body = match &desk.mode {
        Mode::Help => dialog::help(size.width, areas.body),
        Mode::Summary(preview) => dialog::summary(desk, preview, size.width, areas.body),
        Mode::Discard => dialog::discard(desk, size.width),
        Mode::Compare => pane::compare(desk, highlights, size.width, areas.body),
        Mode::Files | Mode::Lines | Mode::Typing { .. } => beside(desk, highlights, size, areas),
    };
    rows.extend(body);
    rows.resize(1 + areas.body, Row::new());
    rows.push(header::status(desk));
    rows.push(header::keys(desk, size.width));
    for (at, row) in rows.iter_mut().enumerate() {
        let bar = at == 0;
        pad(row, size.width, if bar { Tone::Bar } else { Tone::Plain });
    }
    rows.truncate(size.height);
    rows
}

fn beside(desk: &Desk, highlights: &Highlights, size: Size, areas: Areas) -> Vec<Row> {
    let diff_width = size.width - if areas.tree > 0 { areas.tree + 1 } else { 0 };
    let diff = pane::diff(desk, highlights, diff_width, areas.body);
    if areas.tree == 0 {
        return diff;
    }
    let mut tree = tree::rows(desk, areas.tree, areas.body, areas.tree_top).into_iter();
    let mut diff = diff.into_iter();
    let joined = (0..areas.body).map(|_| {
        let mut row = tree.next().unwrap_or_default();
        pad(&mut row, areas.tree, Tone::Plain);
        row.push(Segment::new("│", Tone::Dim));
        row.extend(diff.next().unwrap_or_default());
        row
    });
    joined.collect()
}
