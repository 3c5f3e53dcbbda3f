//! Pieces of a row, and how they are meant. Colours belong to whoever shows them.

use unicode_width::UnicodeWidthStr;

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Less important.
    Dim,
    /// More important.
    Strong,
    /// Came, or is taken.
    Added,
    /// Went.
    Removed,
    /// A heading of a hunk.
    Heading,
    /// To be looked at twice.
    Risk,
    /// Stands for a character that would not be seen.
    Mark,
    /// A bar across the screen.
    Bar,
    /// What the cursor is on.
    Cursor,
    /// What was searched for.
    Found,
}

/// What a word is in its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A comment.
    Comment,
    /// A keyword.
    Keyword,
    /// A function, type or tag name.
    Name,
    /// A number or constant.
    Number,
    /// A string.
    Text,
}

/// A piece of a row. Its text holds nothing that a terminal would obey.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    pub(crate) class: Option<Class>,
    /// These very words changed within their line.
    pub(crate) changed: bool,
}

/// One row of a screen.
pub type Row = Vec<Segment>;

impl Segment {
    /// Text from anywhere.
    pub(crate) fn new(text: &str, tone: Tone) -> Self {
        Self { text: super::visible(text), tone, ..Self::default() }
    }
}

/// Columns that a row takes.
pub fn row_width(row: &[Segment]) -> usize {
    row.iter().map(|segment| segment.text.width()).sum()
}

/// At most `width` columns, with a mark where text was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let mut short = String::new();
    let mut used = 0;
    for c in text.chars() {
        let columns = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + columns + 1 > width {
            break;
        }
        used += columns;
        short.push(c);
    }
    if width > 0 {
        short.push('…');
    }
    short
}

/// Makes a row exactly `width` columns wide; what fills it has the tone `fill`.
pub fn pad(row: &mut Row, width: usize, fill: Tone) {
    let mut used = 0;
    for at in 0..row.len() {
        let columns = row[at].text.width();
        if used + columns > width {
            row[at].text = cut(&row[at].text, width - used);
            row.truncate(at + 1);
            used += row[at].text.width();
            break;
        }
        used += columns;
    }
    if used < width {
        let text = " ".repeat(width - used);
        row.push(Segment { text, tone: fill, ..Segment::default() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_wide_as_they_should_be() {
        for text in ["short", "rather long for it", "漢字漢字漢字"] {
            let mut row = vec![Segment::new(text, Tone::Plain)];
            pad(&mut row, 9, Tone::Plain);
            assert_eq!(row_width(&row), 9, "{row:?}");
        }
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
