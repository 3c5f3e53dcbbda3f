//! A row of a diff as segments: numbers, signs, words that changed, words of the language.

use std::collections::HashMap;
use std::ops::Range;

use massgen_isolation::review::Accept;

use super::FileDiff;
use super::rows::{Changed, DiffRow};
use crate::desk::Mark;
use crate::text::{
    Class, LineClasses, Look, Row, Segment, Tone, Window, changed_words, line, pad, visible,
};

/// Lines are highlighted by so many at a time, counted from the beginning of the file.
pub(crate) const CHUNK_LINES: usize = 1024;

/// One side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Old,
    New,
}

/// Shows rows of one file.
pub(crate) struct Painter<'a> {
    pub(crate) file: &'a FileDiff,
    /// How much of it is taken.
    pub(crate) accept: &'a Accept,
    /// What is known of its words, by side and chunk.
    pub(crate) classes: &'a HashMap<(Side, usize), Vec<LineClasses>>,
    /// What is searched for.
    pub(crate) needle: &'a str,
    /// The hunk that the cursor is on, from 0, and the changed line of it, from 1.
    pub(crate) cursor: Option<(usize, Option<usize>)>,
    /// First column that is shown of each line.
    pub(crate) from: usize,
    /// Lines carry their own marks.
    pub(crate) line_marks: bool,
}

impl Painter<'_> {
    /// Columns of a line's number.
    pub(crate) fn digits(&self) -> usize {
        self.file.old.len().max(self.file.new.len()).max(100).ilog10() as usize + 1
    }

    /// One row, at most `width` columns of it; laid out in two columns, `width` of them.
    pub(crate) fn row(&self, row: DiffRow, width: usize, split: bool) -> Row {
        match row {
            DiffRow::Heading { hunk } => self.heading(hunk),
            DiffRow::Same { hunk, old, new } if split => {
                let left =
                    self.half(hunk, Some((old, None)), Side::Old, Tone::Plain, &[], width / 2);
                self.beside(left, hunk, Some((new, None)), Tone::Plain, &[], width)
            }
            DiffRow::Same { hunk, old, new } => {
                let mut out = self.gutter(hunk, Some(old), Some(new), None, Tone::Plain);
                out.extend(self.text(Side::New, new, Tone::Plain, &[], width));
                out
            }
            DiffRow::Change { hunk, old, new, .. } if split => self.pair(hunk, old, new, width),
            DiffRow::Change { hunk, old, new, mate } => self.one(hunk, old, new, mate, width),
        }
    }

    fn heading(&self, hunk: usize) -> Row {
        let known = &self.file.hunks()[hunk];
        let here = self.cursor.is_some_and(|(at, _)| at == hunk);
        let mark = Mark::of_hunk(self.accept, hunk + 1);
        let (sign, tone) = if here { ("▶", Tone::Cursor) } else { (" ", Tone::Heading) };
        let total = self.file.hunks().len();
        let mut row = vec![
            Segment::new(sign, tone),
            Segment::new(
                &format!("{} ", mark.sign()),
                if here { Tone::Cursor } else { mark.tone() },
            ),
            Segment::new(&format!("hunk {} of {total}  {}", known.index, known.heading()), tone),
        ];
        if let Some(name) = self.section(known.old_range().start) {
            row.push(Segment::new(&format!("  {name}"), Tone::Dim));
        }
        row
    }

    /// The line above a hunk that begins in the first column: as a rule, the function that it is in.
    pub(crate) fn section(&self, before: usize) -> Option<String> {
        const LOOK_BACK_LINES: usize = 400;
        let lines = (before.saturating_sub(LOOK_BACK_LINES)..before).rev();
        let begins = |line: &[u8]| {
            line.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$' | b'#'))
        };
        let found = lines.map(|at| self.file.old.get(at)).find(|line| begins(line))?;
        let text = String::from_utf8_lossy(&found[..found.len().min(120)]).trim_end().to_string();
        Some(visible(&text))
    }

    fn one(
        &self,
        hunk: usize,
        old: Option<Changed>,
        new: Option<Changed>,
        mate: Option<usize>,
        width: usize,
    ) -> Row {
        let (side, changed, tone) = match (old, new) {
            (Some(old), _) => (Side::Old, old, Tone::Removed),
            (None, Some(new)) => (Side::New, new, Tone::Added),
            (None, None) => return Row::new(),
        };
        let words = match (side, mate) {
            (_, None) => Vec::new(),
            (Side::Old, Some(mate)) => self.words(changed.line, mate).0,
            (Side::New, Some(mate)) => self.words(mate, changed.line).1,
        };
        let (old, new) = (old.map(|c| c.line), new.map(|c| c.line));
        let mut out = self.gutter(hunk, old, new, Some(changed.number), tone);
        out.extend(self.text(side, changed.line, tone, &words, width));
        out
    }

    fn pair(&self, hunk: usize, old: Option<Changed>, new: Option<Changed>, width: usize) -> Row {
        let words = match (old, new) {
            (Some(old), Some(new)) => self.words(old.line, new.line),
            _ => Default::default(),
        };
        let side = |c: Changed| (c.line, Some(c.number));
        let left = self.half(hunk, old.map(side), Side::Old, Tone::Removed, &words.0, width / 2);
        self.beside(left, hunk, new.map(side), Tone::Added, &words.1, width)
    }

    fn beside(
        &self,
        mut left: Row,
        hunk: usize,
        line: Option<(usize, Option<usize>)>,
        tone: Tone,
        words: &[Range<usize>],
        width: usize,
    ) -> Row {
        left.push(Segment::new("│", Tone::Dim));
        left.extend(self.half(hunk, line, Side::New, tone, words, width - width / 2 - 1));
        left
    }

    fn half(
        &self,
        hunk: usize,
        line: Option<(usize, Option<usize>)>,
        side: Side,
        tone: Tone,
        words: &[Range<usize>],
        width: usize,
    ) -> Row {
        let mut row = Row::new();
        if let Some((at, number)) = line {
            let sign = match (number, side) {
                (None, _) => " ",
                (Some(_), Side::Old) => "-",
                (Some(_), Side::New) => "+",
            };
            row.push(self.bar(hunk, number));
            row.push(Segment::new(&format!("{:>1$}", at + 1, self.digits()), Tone::Dim));
            row.push(self.line_mark(hunk, number));
            row.push(Segment::new(sign, tone));
            row.extend(self.text(side, at, tone, words, width));
        }
        pad(&mut row, width, Tone::Plain);
        row
    }

    /// The words that changed between two lines.
    pub(crate) fn words(&self, old: usize, new: usize) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
        changed_words(trimmed(self.file.old.get(old)), trimmed(self.file.new.get(new)))
    }

    fn gutter(
        &self,
        hunk: usize,
        old: Option<usize>,
        new: Option<usize>,
        number: Option<usize>,
        tone: Tone,
    ) -> Row {
        let digits = self.digits();
        let show = |at: Option<usize>| at.map_or_else(String::new, |at| (at + 1).to_string());
        let sign = match (old, new) {
            (Some(_), None) => "-",
            (None, Some(_)) => "+",
            _ => " ",
        };
        vec![
            self.bar(hunk, number),
            Segment::new(&format!("{:>digits$} {:>digits$}", show(old), show(new)), Tone::Dim),
            self.line_mark(hunk, number),
            Segment::new(sign, tone),
        ]
    }

    /// Shows where the cursor is, without any colour.
    fn bar(&self, hunk: usize, number: Option<usize>) -> Segment {
        match self.cursor {
            Some((at, line)) if at == hunk && line.is_some() && line == number => {
                Segment::new("▶", Tone::Cursor)
            }
            Some((at, None)) if at == hunk => Segment::new("┃", Tone::Heading),
            _ => Segment::new(" ", Tone::Plain),
        }
    }

    fn line_mark(&self, hunk: usize, number: Option<usize>) -> Segment {
        match number.filter(|_| self.line_marks) {
            None => Segment::new(" ", Tone::Plain),
            Some(number) => {
                let mark = Mark::of_line(self.accept, hunk + 1, number);
                Segment::new(mark.sign(), mark.tone())
            }
        }
    }

    /// One line's text alone.
    pub(crate) fn text(
        &self,
        side: Side,
        at: usize,
        tone: Tone,
        words: &[Range<usize>],
        width: usize,
    ) -> Row {
        let lines = if side == Side::Old { &self.file.old } else { &self.file.new };
        let whole = lines.get(at);
        let text = trimmed(whole);
        let known = self.classes.get(&(side, at / CHUNK_LINES));
        let classes: &[(Range<usize>, Class)] =
            known.and_then(|lines| lines.get(at % CHUNK_LINES)).map_or(&[], Vec::as_slice);
        let found = found(text, self.needle);
        let look = Look { tone, changed: words, classes, found: &found };
        let mut row = line(text, &look, Window { from: self.from, width });
        if !whole.ends_with(b"\n") {
            row.push(Segment::new(" no newline at the end", Tone::Mark));
        }
        row
    }
}

/// A line without its end. A carriage return stays: it shows.
fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

fn found(text: &[u8], needle: &str) -> Vec<Range<usize>> {
    const LOOKED_AT_BYTES_MAX: usize = 16 << 10;
    if needle.is_empty() {
        return Vec::new();
    }
    let text = text[..text.len().min(LOOKED_AT_BYTES_MAX)].to_ascii_lowercase();
    let needle = needle.to_ascii_lowercase().into_bytes();
    let at = |at: &usize| text[*at..].starts_with(&needle);
    (0..text.len()).filter(at).map(|at| at..at + needle.len()).collect()
}
