//! The bars: which session, how much is taken, what is being said, which keys there are.

use crate::desk::{Desk, Mode, Tally};
use crate::text::{Row, Segment, Tone, cut, row_width};
use massgen_terminal::human;

pub(super) fn title(desk: &Desk, width: usize) -> Row {
    let mut row = vec![Segment::new(" review ", Tone::Bar)];
    for (at, tab) in desk.tabs.iter().enumerate() {
        let here = at == desk.active;
        let several = desk.tabs.len() > 1;
        let label =
            if here && several { format!("[{}] ", tab.label) } else { format!("{} ", tab.label) };
        row.push(Segment::new(&label, Tone::Bar));
    }
    let tally = desk.tab().tally();
    let right = format!(" {} ", told(tally));
    let used = row_width(&row) + right.chars().count();
    if used < width {
        row.push(Segment::new(&" ".repeat(width - used), Tone::Bar));
        row.push(Segment::new(&right, Tone::Bar));
    }
    row
}

/// `2 of 5 files taken, 1 in part`
pub(crate) fn told(tally: Tally) -> String {
    let mut text =
        format!("{} of {} taken", tally.taken, human::plural(tally.total as u64, "file"));
    if tally.partly > 0 {
        text.push_str(&format!(", {} in part", tally.partly));
    }
    text
}

pub(super) fn status(desk: &Desk) -> Row {
    if let Mode::Typing { filter, text } = &desk.mode {
        let word = if *filter { "show paths with: " } else { "search: " };
        return vec![Segment::new(&format!("{word}{text}▏"), Tone::Strong)];
    }
    if let Some(notice) = &desk.notice {
        return vec![Segment::new(notice, Tone::Strong)];
    }
    let tab = desk.tab();
    let mut said = Vec::new();
    if let Some(item) = desk.item().filter(|item| item.stale) {
        said.push(format!("{} changed since you decided on it", item.change.path.lossy()));
    }
    if !tab.filter.is_empty() {
        said.push(format!("only paths with {:?} (Esc shows all)", tab.filter));
    }
    if tab.hidden() > 0 {
        said.push(format!("{} out of scope or ignored (o shows them)", tab.hidden()));
    }
    if tab.unreadable > 0 {
        said.push(format!("{} can't be compared", human::plural(tab.unreadable as u64, "path")));
    }
    if desk.tabs.len() > 1
        && let Some((rival, _)) = desk.rival()
    {
        said.push(format!("{} changed it, too (c compares)", desk.tabs[rival].label));
    }
    vec![Segment::new(&said.join(" · "), Tone::Dim)]
}

pub(super) fn keys(desk: &Desk, width: usize) -> Row {
    let keys: &[(&str, &str)] = match &desk.mode {
        Mode::Files => &[
            ("space", "file"),
            ("h", "hunk"),
            ("[ ]", "move"),
            ("a", "all"),
            ("r", "none"),
            ("Enter", "apply…"),
            ("?", "help"),
            ("q", "leave"),
            ("l", "lines"),
            ("e", "edit"),
            ("s", "split"),
            ("/", "search"),
            ("f", "filter"),
            ("Tab", "session"),
            ("D", "discard"),
        ],
        Mode::Lines => &[("↑ ↓", "line"), ("space", "take or leave"), ("h", "hunk"), ("l", "done")],
        Mode::Typing { .. } => &[("Enter", "done"), ("Esc", "never mind")],
        Mode::Help => &[("any key", "back")],
        Mode::Discard => &[("y", "discard"), ("any other key", "back")],
        Mode::Compare => {
            &[("Tab", "the other one"), ("[ ]", "hunk"), ("h", "take or leave it"), ("c", "back")]
        }
        Mode::Summary(preview) if !preview.conflicts.is_empty() && !preview.merge => {
            &[("m", "merge both sides"), ("Esc", "back")]
        }
        Mode::Summary(preview) if preview.conflicts.is_empty() => {
            &[("y Enter", "apply"), ("Esc", "back, keep for later")]
        }
        Mode::Summary(_) => &[("Esc", "back")],
    };
    let mut row = Row::new();
    for (key, word) in keys {
        let more = [
            Segment::new(&format!(" {key}"), Tone::Strong),
            Segment::new(&format!(" {word} "), Tone::Dim),
        ];
        let wide = row_width(&row) + row_width(&more) > width;
        if wide {
            break;
        }
        row.extend(more);
    }
    row.iter_mut().for_each(|segment| segment.text = cut(&segment.text, width));
    row
}
