//! Which row of a diff shows what. Any row is found without making those before it, so that a file of a
//! million lines scrolls like one of ten.

use massgen_isolation::changeset::{Block, Hunk};

/// How a diff is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layout {
    /// One column: what went, then what came.
    Unified,
    /// Two columns: before and after.
    Split,
}

/// One row of a diff. Lines count from 0 within their texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiffRow {
    /// A hunk begins: its place among the hunks, from 0.
    Heading { hunk: usize },
    /// A line that both sides have.
    Same { hunk: usize, old: usize, new: usize },
    /// Lines that went and came. Unified, one of the two; `mate` is the one beside which it changed.
    Change { hunk: usize, old: Option<Changed>, new: Option<Changed>, mate: Option<usize> },
}

/// A line that went or came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The line, from 0.
    pub(crate) line: usize,
    /// Its number among the changed lines of its hunk, from 1.
    pub(crate) number: usize,
}

/// Where the rows of each hunk, and of each block in it, begin.
#[derive(Debug)]
pub(crate) struct Rows {
    layout: Layout,
    hunks: Vec<Part>,
    total: usize,
}

#[derive(Debug)]
struct Part {
    start: usize,
    /// For each block: its first row after the heading, and the changed lines before it.
    blocks: Vec<(usize, usize)>,
}

impl Rows {
    pub(crate) fn new(hunks: &[Hunk], layout: Layout) -> Self {
        let mut start = 0;
        let parts = hunks.iter().map(|hunk| {
            let (mut row, mut changed, mut at) = (1, 0, hunk.old_range().start);
            let blocks = hunk.blocks.iter().map(|block| {
                row += block.old.start - at;
                let begin = (row, changed);
                row += height(block, layout);
                changed += block.old.len() + block.new.len();
                at = block.old.end;
                begin
            });
            let blocks = blocks.collect();
            let part = Part { start, blocks };
            start += row + hunk.old_range().end - at;
            part
        });
        let hunks = parts.collect();
        Self { layout, hunks, total: start }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.total
    }

    /// The first row of a hunk.
    pub(crate) fn start_of(&self, hunk: usize) -> usize {
        self.hunks.get(hunk).map_or(0, |part| part.start)
    }

    /// The hunk that a row belongs to.
    pub(crate) fn hunk_at(&self, row: usize) -> usize {
        self.hunks.partition_point(|part| part.start <= row).saturating_sub(1)
    }

    /// What a row shows; none past the last.
    pub(crate) fn at(&self, hunks: &[Hunk], row: usize) -> Option<DiffRow> {
        if row >= self.total {
            return None;
        }
        let at = self.hunk_at(row);
        let (part, hunk) = (self.hunks.get(at)?, hunks.get(at)?);
        let inner = row - part.start;
        if inner == 0 {
            return Some(DiffRow::Heading { hunk: at });
        }
        let before = part.blocks.partition_point(|(start, _)| *start <= inner);
        let Some(place) = before.checked_sub(1) else {
            let (old, new) = (hunk.old_range().start, hunk.new_range().start);
            return Some(DiffRow::Same { hunk: at, old: old + inner - 1, new: new + inner - 1 });
        };
        let (block, (start, changed)) = (&hunk.blocks[place], part.blocks[place]);
        let within = inner - start;
        if within >= height(block, self.layout) {
            let after = within - height(block, self.layout);
            return Some(DiffRow::Same {
                hunk: at,
                old: block.old.end + after,
                new: block.new.end + after,
            });
        }
        Some(change(at, block, changed, within, self.layout))
    }

    /// The row that shows a changed line of a hunk, by its number.
    pub(crate) fn row_of(&self, hunks: &[Hunk], hunk: usize, number: usize) -> usize {
        let Some((part, known)) = self.hunks.get(hunk).zip(hunks.get(hunk)) else { return 0 };
        let place = part.blocks.partition_point(|(_, before)| *before < number).saturating_sub(1);
        let Some(((start, before), block)) = part.blocks.get(place).zip(known.blocks.get(place))
        else {
            return part.start;
        };
        let within = number.saturating_sub(before + 1);
        let within = match self.layout {
            Layout::Split if within >= block.old.len() => within - block.old.len(),
            _ => within,
        };
        part.start + start + within
    }
}

fn height(block: &Block, layout: Layout) -> usize {
    match layout {
        Layout::Unified => block.old.len() + block.new.len(),
        Layout::Split => block.old.len().max(block.new.len()),
    }
}

fn change(hunk: usize, block: &Block, before: usize, within: usize, layout: Layout) -> DiffRow {
    let old = |at: usize| {
        let there = at < block.old.len();
        there.then(|| Changed { line: block.old.start + at, number: before + at + 1 })
    };
    let new = |at: usize| {
        let there = at < block.new.len();
        let number = before + block.old.len() + at + 1;
        there.then(|| Changed { line: block.new.start + at, number })
    };
    if layout == Layout::Split {
        return DiffRow::Change { hunk, old: old(within), new: new(within), mate: None };
    }
    match within.checked_sub(block.old.len()) {
        None => {
            let mate = new(within).map(|mate| mate.line);
            DiffRow::Change { hunk, old: old(within), new: None, mate }
        }
        Some(at) => {
            let mate = old(at).map(|mate| mate.line);
            DiffRow::Change { hunk, old: None, new: new(at), mate }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::FileDiff;

    fn file() -> FileDiff {
        let old: String = (1..=40).map(|n| format!("{n}\n")).collect();
        let new = old.replace("\n5\n", "\nfive\nmore\n").replace("\n30\n31\n", "\nthirty\n");
        FileDiff::of(old.into(), new.into())
    }

    #[test]
    fn every_row_is_found_by_itself() {
        let file = file();
        for layout in [Layout::Unified, Layout::Split] {
            let rows = Rows::new(file.hunks(), layout);
            let all: Vec<DiffRow> =
                (0..rows.len()).map(|row| rows.at(file.hunks(), row).unwrap()).collect();
            assert!(rows.at(file.hunks(), rows.len()).is_none());
            let headings = all.iter().filter(|row| matches!(row, DiffRow::Heading { .. }));
            assert_eq!(headings.count(), 2);
            let (mut old, mut new) = (Vec::new(), Vec::new());
            for row in all {
                match row {
                    DiffRow::Heading { .. } => {}
                    DiffRow::Same { old: o, new: n, .. } => {
                        assert_eq!(file.old.get(o), file.new.get(n));
                        old.push(o);
                        new.push(n);
                    }
                    DiffRow::Change { old: o, new: n, .. } => {
                        old.extend(o.map(|o| o.line));
                        new.extend(n.map(|n| n.line));
                    }
                }
            }
            let expect = |ranges: Vec<std::ops::Range<usize>>| {
                ranges.into_iter().flatten().collect::<Vec<_>>()
            };
            assert_eq!(old, expect(file.hunks().iter().map(Hunk::old_range).collect()));
            assert_eq!(new, expect(file.hunks().iter().map(Hunk::new_range).collect()));
        }
    }

    #[test]
    fn changed_lines_are_numbered_and_found() {
        let file = file();
        for layout in [Layout::Unified, Layout::Split] {
            let rows = Rows::new(file.hunks(), layout);
            for (hunk, known) in file.hunks().iter().enumerate() {
                for number in 1..=known.changed_lines() {
                    let row = rows.row_of(file.hunks(), hunk, number);
                    let Some(DiffRow::Change { old, new, .. }) = rows.at(file.hunks(), row) else {
                        panic!("{number} is no change")
                    };
                    assert!([old, new].into_iter().flatten().any(|c| c.number == number));
                }
            }
        }
    }
}
