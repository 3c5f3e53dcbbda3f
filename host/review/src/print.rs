//! A change as text: what the full screen shows, printed.

use massgen_isolation::changeset::Change;
use massgen_isolation::review::Accept;

use super::colors::{Colors, ansi};
use super::diff::{DiffRow, FileDiff, Layout, Painter, Rows, Side, facts, fold_reason, headline};
use super::screen::FileClasses;
use super::text::{Highlighter, Segment, Tone};

/// Longer lines are cut: nobody reads them in a terminal.
const COLUMNS_MAX: usize = 8192;
/// Longer sides of a file are printed without words of their language.
const HIGHLIGHTED_LINES_MAX: usize = 20_000;

/// Writes one change, piece by piece. `highlighter` is none where colours are.
pub fn print_change(
    change: &Change,
    file: &FileDiff,
    (colors, highlighter): (Colors, Option<&Highlighter>),
    out: &mut dyn FnMut(&str) -> std::io::Result<()>,
) -> std::io::Result<()> {
    out(&ansi(&headline(change, Some(file)), colors))?;
    for row in facts(change, file) {
        out(&ansi(&row, colors))?;
    }
    let name = change.path.lossy();
    if let Some(reason) = fold_reason(&name, file.new.text()).filter(|_| !file.hunks().is_empty()) {
        let text = format!("folded, {reason}; --patch prints it");
        out(&ansi(&vec![Segment::new(&text, Tone::Dim)], colors))?;
        return out("\n");
    }
    let classes = highlighter.map(|h| classes(h, &name, file)).unwrap_or_default();
    for hunk in 0..file.hunks().len() {
        print_hunk(file, &Accept::No, hunk, (colors, &classes), out)?;
    }
    out("\n")
}

/// One hunk.
pub(super) fn print_hunk(
    file: &FileDiff,
    accept: &Accept,
    hunk: usize,
    (colors, classes): (Colors, &FileClasses),
    out: &mut dyn FnMut(&str) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let rows = Rows::new(file.hunks(), Layout::Unified);
    let painter =
        Painter { file, accept, classes, needle: "", cursor: None, from: 0, line_marks: false };
    let end = if hunk + 1 < file.hunks().len() { rows.start_of(hunk + 1) } else { rows.len() };
    for at in rows.start_of(hunk)..end {
        let Some(row) = rows.at(file.hunks(), at) else { break };
        let mut row = painter.row(row, COLUMNS_MAX, false);
        if matches!(rows.at(file.hunks(), at), Some(DiffRow::Heading { .. })) {
            // Where nothing is decided, there is nothing to mark.
            row.drain(..2);
        }
        out(&ansi(&row, colors))?;
    }
    Ok(())
}

/// What the words of a file are.
pub(super) fn classes(highlighter: &Highlighter, name: &str, file: &FileDiff) -> FileClasses {
    let mut known = FileClasses::new();
    let name = name.rsplit('/').next().unwrap_or_default();
    for (side, lines) in [(Side::Old, &file.old), (Side::New, &file.new)] {
        if lines.len() > HIGHLIGHTED_LINES_MAX || file.hunks().is_empty() {
            continue;
        }
        let told = highlighter.lines(name, lines.get(0), (0..lines.len()).map(|at| lines.get(at)));
        for (chunk, lines) in told.chunks(super::diff::CHUNK_LINES).enumerate() {
            known.insert((side, chunk), lines.to_vec());
        }
    }
    known
}
