//! Help, what applying would do, and questions.

use crate::desk::{Desk, HELP, Preview};
use crate::text::{Row, Segment, Tone};
use massgen_terminal::human;

fn say(text: &str, tone: Tone) -> Row {
    vec![Segment::new(text, tone)]
}

pub(super) fn help(width: usize, height: usize) -> Vec<Row> {
    let mut rows = vec![say(" Keys", Tone::Strong)];
    // Two columns where there is room for them and not for one.
    let columns = if width >= 160 && HELP.len() + 1 > height { 2 } else { 1 };
    for pair in HELP.chunks(columns) {
        let mut row = Row::new();
        for (key, meaning) in pair {
            row.push(Segment::new(&format!("  {key:>10}  "), Tone::Heading));
            row.push(Segment::new(&format!("{meaning:<60}"), Tone::Plain));
        }
        rows.push(row);
    }
    rows
}

pub(super) fn discard(desk: &Desk, _width: usize) -> Vec<Row> {
    vec![
        Row::new(),
        say(&format!(" Discard the session {}?", desk.tab().label), Tone::Strong),
        Row::new(),
        say(" Its workspace is archived, and nothing of it is applied.", Tone::Plain),
        say(&format!(" massgen isolate restore {} brings it back.", desk.tab().id), Tone::Plain),
        Row::new(),
        say(" y discards; any other key goes back.", Tone::Plain),
    ]
}

pub(super) fn summary(desk: &Desk, preview: &Preview, _width: usize, height: usize) -> Vec<Row> {
    let mut rows = summary_rows(preview);
    let sessions: Vec<&str> = desk.tabs.iter().map(|tab| tab.label.as_str()).collect();
    if sessions.len() > 1 {
        rows.insert(1, say(&format!("  from {}", sessions.join(", then ")), Tone::Dim));
    }
    // The question stays in sight, however long the list is.
    let question = rows.split_off(rows.len() - 2);
    let room = height.saturating_sub(question.len()).max(1);
    let top = preview.top.min(rows.len().saturating_sub(room));
    let mut shown: Vec<Row> = rows.into_iter().skip(top).take(room).collect();
    shown.extend(question);
    shown
}

/// The whole summary; its last two rows are the question.
pub(crate) fn summary_rows(preview: &Preview) -> Vec<Row> {
    let mut rows = Vec::new();
    let conflicts = preview.conflicts.len();
    if conflicts > 0 {
        rows.push(say(
            &format!(" {} cannot be applied:", human::plural(conflicts as u64, "path")),
            Tone::Risk,
        ));
        for (path, reason) in &preview.conflicts {
            rows.push(vec![
                Segment::new(&format!("  ✗ {path}"), Tone::Removed),
                Segment::new(&format!("  {reason}"), Tone::Plain),
            ]);
        }
        rows.push(Row::new());
    } else {
        let merged = if preview.merge { ", merged with what the project holds by now" } else { "" };
        let paths = human::plural(preview.applied.len() as u64, "path");
        rows.push(say(&format!(" Apply writes {paths}{merged}:"), Tone::Strong));
        for (path, word) in &preview.applied {
            rows.push(vec![
                Segment::new("  ✓ ", Tone::Added),
                Segment::new(path, Tone::Plain),
                Segment::new(&format!("  {word}"), Tone::Dim),
            ]);
        }
    }
    for (path, risk) in &preview.risks {
        rows.push(say(&format!("  ! {path}  {risk}"), Tone::Risk));
    }
    if preview.left > 0 {
        let left = human::plural(preview.left as u64, "change");
        rows.push(say(&format!("  {left} left in the session"), Tone::Dim));
    }
    rows.push(Row::new());
    rows.push(say(&question(preview), Tone::Strong));
    rows
}

fn question(preview: &Preview) -> String {
    match (preview.conflicts.is_empty(), preview.merge) {
        (true, _) if preview.applied.is_empty() => " There is nothing to apply.".into(),
        (true, _) => " Apply? y or Enter applies, Esc goes back.".into(),
        (false, false) => {
            " Nothing was changed. m tries to merge both sides, Esc goes back.".into()
        }
        (false, true) => {
            " They can't be merged. Nothing was changed. Esc goes back: leave them, or edit them."
                .into()
        }
    }
}
