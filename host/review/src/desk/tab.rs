//! One session's changes on the desk: what is decided, which are shown, where the cursor stands.

use massgen_isolation::changeset::{Change, Scope};
use massgen_isolation::review::Accept;

use super::mark::Mark;
use crate::diff::Stats;

/// One change.
#[derive(Debug)]
pub struct Item {
    /// The change under review.
    pub change: Change,
    /// The decision so far.
    pub accept: Accept,
    /// How much of it changed, once somebody looked.
    pub stats: Option<Stats>,
    /// It was decided on, and changed since.
    pub stale: bool,
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeRow {
    /// A directory: its name below the one above it, and how deep it is.
    Dir {
        /// Its name.
        name: String,
        /// How deep it lies; 0 at the top.
        depth: usize,
    },
    /// A change, by its place among the items.
    File {
        /// Index into the tab's items.
        item: usize,
        /// How deep it lies; 0 at the top.
        depth: usize,
    },
}

/// Where the cursor stands within a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The hunk, from 0.
    pub(crate) hunk: usize,
    /// A changed line of it, from 1, when lines are decided on.
    pub(crate) line: Option<usize>,
    /// First row of the diff in sight.
    pub(crate) top: usize,
    /// First column in sight.
    pub(crate) from: usize,
    /// The file was unfolded.
    pub(crate) unfolded: bool,
}

/// One session.
#[derive(Debug)]
pub struct Tab {
    /// Its id, for commands.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) label: String,
    /// The session's changes.
    pub items: Vec<Item>,
    /// The rows of the tree, as far as the filter lets them through.
    pub(crate) rows: Vec<TreeRow>,
    /// Items of the rows, in their order.
    pub(crate) order: Vec<usize>,
    /// Place in `order`.
    pub(crate) cursor: usize,
    pub(crate) place: Place,
    /// Only paths that hold this are shown.
    pub(crate) filter: String,
    /// Changes out of scope and ignored ones are shown too.
    pub(crate) others: bool,
    /// Paths that can't be compared.
    pub(crate) unreadable: usize,
}

/// How much of a session is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub(crate) total: usize,
    pub(crate) taken: usize,
    pub(crate) partly: usize,
}

impl Tab {
    /// Returns a tab of these changes.
    pub fn new(id: String, label: String, items: Vec<Item>, unreadable: usize) -> Self {
        let mut tab = Self {
            id,
            label,
            items,
            rows: Vec::new(),
            order: Vec::new(),
            cursor: 0,
            place: Place::default(),
            filter: String::new(),
            others: false,
            unreadable,
        };
        // What was taken earlier is never out of sight.
        tab.others = tab.items.iter().all(|item| item.change.scope != Scope::In)
            || tab.items.iter().any(|i| i.change.scope != Scope::In && i.accept != Accept::No);
        tab.arrange();
        tab
    }

    /// The item at the cursor.
    pub(crate) fn current(&self) -> Option<usize> {
        self.order.get(self.cursor).copied()
    }

    /// Rebuilds the rows; the cursor stays on its item if that is still shown.
    pub(crate) fn arrange(&mut self) {
        let stood_on = self.current();
        let filter = self.filter.to_lowercase();
        self.order = (0..self.items.len()).filter(|at| self.shows(*at, &filter)).collect();
        self.rows = tree(&self.items, &self.order);
        let place = stood_on.and_then(|item| self.order.iter().position(|at| *at == item));
        self.cursor = place.unwrap_or(0);
        if place.is_none() {
            self.place = Place::default();
        }
    }

    /// A filter is a part of a path, or `!` for what has risks, or a mark's name.
    fn shows(&self, at: usize, filter: &str) -> bool {
        let item = &self.items[at];
        if item.change.scope != Scope::In && !self.others {
            return false;
        }
        match filter {
            "" => true,
            "!" => !item.change.risks.is_empty(),
            "✓" => Mark::of(&item.accept) == Mark::Taken,
            "○" => Mark::of(&item.accept) == Mark::Left,
            "◐" => Mark::of(&item.accept) == Mark::Partly,
            _ => item.change.path.lossy().to_lowercase().contains(filter),
        }
    }

    /// How much of what is in scope, or was named, is taken.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for item in &self.items {
            let mark = Mark::of(&item.accept);
            tally.total += usize::from(item.change.scope == Scope::In || mark != Mark::Left);
            tally.taken += usize::from(mark == Mark::Taken);
            tally.partly += usize::from(mark == Mark::Partly);
        }
        tally
    }

    /// How many changes are out of sight because they are out of scope or ignored.
    pub(crate) fn hidden(&self) -> usize {
        if self.others {
            return 0;
        }
        self.items.iter().filter(|item| item.change.scope != Scope::In).count()
    }

    /// The row of the tree that the cursor is on.
    pub(crate) fn cursor_row(&self) -> usize {
        let current = self.current();
        let at = self
            .rows
            .iter()
            .position(|row| matches!(row, TreeRow::File { item, .. } if Some(*item) == current));
        at.unwrap_or(0)
    }
}

/// Rows with a heading for each directory that holds changes.
fn tree(items: &[Item], order: &[usize]) -> Vec<TreeRow> {
    let mut rows = Vec::with_capacity(order.len());
    let mut open: Vec<&[u8]> = Vec::new();
    for at in order {
        let path = &items[*at].change.path;
        let parts: Vec<&[u8]> = path.components().collect();
        let dirs = &parts[..parts.len().saturating_sub(1)];
        let shared = open.iter().zip(dirs).take_while(|(a, b)| a == b).count();
        if dirs.len() > shared {
            let name = dirs[shared..].iter().map(|part| String::from_utf8_lossy(part));
            let name: Vec<_> = name.collect();
            rows.push(TreeRow::Dir { name: format!("{}/", name.join("/")), depth: shared });
        } else if open.len() > shared && !dirs.is_empty() {
            // Back in a directory from one below it.
            let name = String::from_utf8_lossy(dirs[shared - 1]).into_owned();
            rows.push(TreeRow::Dir { name: format!("{name}/"), depth: shared - 1 });
        }
        open = dirs.to_vec();
        rows.push(TreeRow::File { item: *at, depth: dirs.len().min(8) });
    }
    rows
}
