//! The list of files, as a tree.

use massgen_isolation::changeset::Scope;

use crate::desk::{Desk, Item, Mark, Tab, TreeRow};
use crate::diff::status_letter;
use crate::text::{Row, Segment, Tone, cut, pad};

/// The first row of the list that is shown, so that the cursor is in sight.
pub(super) fn top(tab: &Tab, height: usize) -> usize {
    let cursor = tab.cursor_row();
    let most = tab.rows.len().saturating_sub(height);
    cursor.saturating_sub(height / 2).min(most)
}

pub(super) fn rows(desk: &Desk, width: usize, height: usize, top: usize) -> Vec<Row> {
    let tab = desk.tab();
    if tab.order.is_empty() {
        let word = if tab.items.is_empty() { " nothing changed" } else { " nothing to show" };
        return vec![vec![Segment::new(word, Tone::Dim)]];
    }
    let current = tab.current();
    let shown = tab.rows.iter().skip(top).take(height);
    shown
        .map(|row| match row {
            TreeRow::Dir { name, depth } => {
                let text = format!("{}{name}", " ".repeat(3 + depth));
                vec![Segment::new(&cut(&text, width), Tone::Dim)]
            }
            TreeRow::File { item, depth } => {
                file(&tab.items[*item], *depth, Some(*item) == current, width)
            }
        })
        .collect()
}

fn file(item: &Item, depth: usize, here: bool, width: usize) -> Row {
    let mark = Mark::of(&item.accept);
    let tone = |tone| if here { Tone::Cursor } else { tone };
    let name = String::from_utf8_lossy(item.change.path.name()).into_owned();
    let dim = item.change.scope != Scope::In;
    let mut counts = match item.stats {
        Some(stats) if stats.binary => " bin".to_string(),
        Some(stats) if stats.hunks > 0 => format!(" +{} −{}", stats.additions, stats.deletions),
        _ => String::new(),
    };
    if item.stale {
        counts.push_str(" changed");
    }
    let risk = if item.change.risks.is_empty() { "" } else { " !" };
    let left = format!("{}{}", if here { "▶" } else { " " }, mark.sign());
    let letter = format!(" {}{} ", " ".repeat(depth), status_letter(item.change.status));
    let taken = 2 + letter.chars().count() + counts.chars().count() + risk.chars().count();
    let name = cut(&crate::text::visible(&name), width.saturating_sub(taken).max(4));
    let mut row = vec![
        Segment::new(&left, tone(mark.tone())),
        Segment::new(&letter, tone(Tone::Dim)),
        Segment::new(&name, tone(if dim { Tone::Dim } else { Tone::Plain })),
        Segment::new(risk, tone(Tone::Risk)),
        Segment::new(&counts, tone(Tone::Dim)),
    ];
    pad(&mut row, width, tone(Tone::Plain));
    row
}
