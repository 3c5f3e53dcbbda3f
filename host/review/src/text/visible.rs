//! What can't be seen, or would speak to the terminal, shown as what it is.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::segment::{Class, Row, Segment, Tone};

const TAB_COLUMNS: usize = 4;

/// Which columns of a line are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: usize,
    pub(crate) width: usize,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look<'a> {
    pub(crate) tone: Tone,
    /// Bytes that changed within the line.
    pub(crate) changed: &'a [Range<usize>],
    /// What words are in their language.
    pub(crate) classes: &'a [(Range<usize>, Class)],
    /// Bytes that were searched for.
    pub(crate) found: &'a [Range<usize>],
}

/// A character as it may be shown; none if it is harmless.
fn shown(c: char) -> Option<String> {
    Some(match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32)?.to_string(),
        '\u{7f}' => "␡".into(),
        c if massgen_text::is_unprintable(c) => format!("<U+{:04X}>", c as u32),
        _ => return None,
    })
}

/// A whole text on one line, without anything that hides or commands.
pub(crate) fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match shown(c) {
            Some(mark) => line.push_str(&mark),
            None => line.push(c),
        }
    }
    line
}

/// One line of a file, without its end, as segments of at most `window.width` columns.
pub(crate) fn line(bytes: &[u8], look: &Look<'_>, window: Window) -> Row {
    // Nothing behind this can reach the window, unless somebody piles up marks without a width.
    let reach = (window.from + window.width + 1) * 8 + 64;
    let mut out = Columns { row: Row::new(), column: 0, window };
    let mut at = 0;
    for chunk in bytes[..bytes.len().min(reach)].utf8_chunks() {
        for c in chunk.valid().chars() {
            let style = style(look, at);
            match (c, shown(c)) {
                ('\t', _) => {
                    let columns = TAB_COLUMNS - out.column % TAB_COLUMNS;
                    out.put(&" ".repeat(columns), columns, &style);
                }
                (_, Some(mark)) => {
                    let columns = mark.chars().count();
                    out.put(&mark, columns, &Segment { tone: Tone::Mark, ..style });
                }
                (c, None) => out.put(c.encode_utf8(&mut [0; 4]), c.width().unwrap_or(0), &style),
            }
            at += c.len_utf8();
            if out.is_full() {
                return out.row;
            }
        }
        for byte in chunk.invalid() {
            let style = style(look, at);
            out.put(&format!("<{byte:02X}>"), 4, &Segment { tone: Tone::Mark, ..style });
            at += 1;
        }
    }
    out.row
}

fn style(look: &Look<'_>, at: usize) -> Segment {
    let within = |ranges: &[Range<usize>]| ranges.iter().any(|range| range.contains(&at));
    let class = look.classes.partition_point(|(range, _)| range.end <= at);
    let class = look.classes.get(class).filter(|(range, _)| range.contains(&at));
    Segment {
        text: String::new(),
        tone: if within(look.found) { Tone::Found } else { look.tone },
        class: class.map(|(_, class)| *class),
        changed: within(look.changed),
    }
}

struct Columns {
    row: Row,
    column: usize,
    window: Window,
}

impl Columns {
    fn is_full(&self) -> bool {
        self.column > self.window.from + self.window.width
    }

    /// Adds what lies in the window. A wide piece that begins before it leaves blanks.
    fn put(&mut self, text: &str, columns: usize, style: &Segment) {
        let (start, end) = (self.column, self.column + columns);
        self.column = end;
        let (from, to) = (self.window.from, self.window.from + self.window.width);
        if end <= from && columns > 0 || start >= to || end > to && columns > 1 && start < from {
            return;
        }
        let whole = start >= from && end <= to;
        let blank = " ".repeat(end.min(to).saturating_sub(start.max(from)));
        let text = if whole { text } else { &blank };
        match self.row.last_mut() {
            Some(last)
                if last.tone == style.tone
                    && last.class == style.class
                    && last.changed == style.changed =>
            {
                last.text.push_str(text);
            }
            _ if text.is_empty() => {}
            _ => self.row.push(Segment { text: text.to_string(), ..style.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], from: usize, width: usize) -> String {
        let row = line(bytes, &Look::default(), Window { from, width });
        row.iter().map(|segment| segment.text.as_str()).collect()
    }

    #[test]
    fn nothing_hides_and_nothing_commands() {
        assert_eq!(text(b"a\x1b[2Jb\x07\r", 0, 40), "a␛[2Jb␇␍");
        assert_eq!(text("if\u{202e} x\u{200b}".as_bytes(), 0, 40), "if<U+202E> x<U+200B>");
        assert_eq!(text(b"caf\xe9 \xff", 0, 40), "caf<E9> <FF>");
        assert_eq!(text("\u{85}\u{feff}ä漢".as_bytes(), 0, 40), "<U+0085><U+FEFF>ä漢");
        assert_eq!(text(b"\tx\ty", 0, 40), "    x   y");
        assert_eq!(visible("a\nb\u{2066}"), "a␊b<U+2066>");
    }

    #[test]
    fn a_window_shows_its_columns() {
        assert_eq!(text(b"0123456789", 3, 4), "3456");
        assert_eq!(text("漢字漢字".as_bytes(), 1, 4), " 字 ");
        let long = vec![b'x'; 5_000_000];
        assert_eq!(text(&long, 10, 5), "xxxxx");
    }

    #[test]
    fn words_keep_their_style() {
        let changed = [2..4, 9..9];
        let look =
            Look { changed: &changed, classes: &[(0..3, Class::Keyword)], ..Look::default() };
        let row = line(b"abcdef", &look, Window { from: 0, width: 10 });
        let told: Vec<_> =
            row.iter().map(|s| (s.text.as_str(), s.class.is_some(), s.changed)).collect();
        assert_eq!(
            told,
            [("ab", true, false), ("c", true, true), ("d", false, true), ("ef", false, false)]
        );
    }
}
