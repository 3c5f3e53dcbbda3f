//! The diff at the cursor, and two sessions' diffs of one file beside each other.

use super::Highlights;
use crate::desk::{Desk, Focus, Item, Mode, Place};
use crate::diff::{Layout, Painter, facts, headline};
use crate::text::{Row, Segment, Tone, pad};
use massgen_terminal::human;

/// Rows of the pane that are not the diff's own.
pub(super) fn head(item: &Item, focus: &Focus, place: Place) -> Vec<Row> {
    let mut rows = vec![headline(&item.change, Some(&focus.file))];
    rows.extend(facts(&item.change, &focus.file));
    if let Some(reason) = folded(focus, place) {
        let stats = focus.file.stats();
        let lines = human::plural((stats.additions + stats.deletions) as u64, "changed line");
        rows.push(vec![Segment::new(&format!("folded, {reason}: {lines}; z unfolds"), Tone::Dim)]);
    }
    rows.push(Row::new());
    rows
}

fn folded(focus: &Focus, place: Place) -> Option<&'static str> {
    focus.fold.filter(|_| !place.unfolded)
}

/// How many rows of the diff are in sight, for scrolling.
pub(crate) fn diff_height(desk: &Desk, body: usize) -> usize {
    match (&desk.focus, desk.item()) {
        (Some(Ok(focus)), Some(item)) => {
            body.saturating_sub(head(item, focus, desk.tab().place).len()).max(1)
        }
        _ => body,
    }
}

pub(super) fn diff(desk: &Desk, highlights: &Highlights, width: usize, body: usize) -> Vec<Row> {
    let tab = desk.tab();
    let (Some(item), Some(focus)) = (desk.item(), &desk.focus) else {
        return vec![vec![Segment::new(" Nothing to review here.", Tone::Dim)]];
    };
    let focus = match focus {
        Ok(focus) => focus,
        Err(error) => {
            return vec![headline(&item.change, None), vec![Segment::new(error, Tone::Risk)]];
        }
    };
    let mut rows = head(item, focus, tab.place);
    rows.truncate(body);
    let hunk = tab.place.hunk;
    let painter = Painter {
        file: &focus.file,
        accept: &item.accept,
        classes: highlights.of(focus.tab, focus.item),
        needle: &desk.needle,
        cursor: Some((hunk, tab.place.line)),
        from: tab.place.from,
        line_marks: desk.mode == Mode::Lines
            || matches!(&item.accept, massgen_isolation::review::Accept::Parts(parts) if parts.iter().any(|p| p.lines.is_some())),
    };
    if folded(focus, tab.place).is_none() {
        let room = body - rows.len();
        rows.extend(lines(&painter, focus, tab.place.top, room, width));
    }
    rows
}

fn lines(painter: &Painter<'_>, focus: &Focus, top: usize, room: usize, width: usize) -> Vec<Row> {
    let split = focus.layout == Layout::Split;
    let shown = (top..top + room).map_while(|at| focus.rows.at(focus.file.hunks(), at));
    shown
        .map(|row| {
            let mut row = painter.row(row, width, split);
            pad(&mut row, width, Tone::Plain);
            row
        })
        .collect()
}

/// The session at the cursor on the left, the other one that changed the file on the right.
pub(super) fn compare(desk: &Desk, highlights: &Highlights, width: usize, body: usize) -> Vec<Row> {
    let half = width / 2;
    let left = titled(desk, desk.active, diff(desk, highlights, half, body.saturating_sub(1)));
    let right = match (desk.rival(), &desk.rival_focus) {
        (Some((tab, item)), Some(focus)) => {
            let known = &desk.tabs[tab].items[item];
            let place = Place { unfolded: true, ..Place::default() };
            let mut rows = head(known, focus, place);
            let painter = Painter {
                file: &focus.file,
                accept: &known.accept,
                classes: highlights.of(tab, item),
                needle: &desk.needle,
                cursor: None,
                from: desk.tab().place.from,
                line_marks: false,
            };
            let room = body.saturating_sub(1 + rows.len());
            let top = desk.tab().place.top;
            rows.extend(lines(&painter, focus, top, room, width - half - 1));
            titled(desk, tab, rows)
        }
        _ => Vec::new(),
    };
    let mut right = right.into_iter();
    let mut left = left.into_iter();
    let joined = (0..body).map(|_| {
        let mut row = left.next().unwrap_or_default();
        pad(&mut row, half, Tone::Plain);
        row.push(Segment::new("│", Tone::Dim));
        row.extend(right.next().unwrap_or_default());
        row
    });
    joined.collect()
}

fn titled(desk: &Desk, tab: usize, mut rows: Vec<Row>) -> Vec<Row> {
    let tone = if tab == desk.active { Tone::Cursor } else { Tone::Heading };
    rows.insert(0, vec![Segment::new(&format!(" {} ", desk.tabs[tab].label), tone)]);
    rows
}
