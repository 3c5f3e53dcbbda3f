//! Long lines on a terminal: broken between words, never within one, so that a path or an id can be copied.

use unicode_width::UnicodeWidthStr;

/// The same text with lines of at most `width` columns where its words allow it. What is broken off goes on
/// below the text that it belongs to: after `hang` columns.
pub fn wrap(text: &str, hang: usize, width: u16) -> String {
    let lines = text.split('\n').map(|line| wrap_line(line, hang, usize::from(width)));
    lines.collect::<Vec<_>>().join("\n")
}

/// The same, with each line going on a little to the right of where it began.
pub fn wrap_each(text: &str, width: u16) -> String {
    let lines = text.split('\n').map(|line| {
        let indent = line.len() - line.trim_start_matches(' ').len();
        wrap_line(line, indent + 2, usize::from(width))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, hang: usize, width: usize) -> String {
    if columns(line) <= width || hang >= width {
        return line.to_string();
    }
    let mut wrapped = String::with_capacity(line.len() + 2 * hang);
    let mut at = 0;
    for word in line.split_inclusive(' ') {
        let wide = columns(word);
        let needed = columns(word.trim_end_matches(' '));
        if at > hang && at + needed > width {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(hang));
            at = hang;
        }
        wrapped.push_str(word);
        at += wide;
    }
    wrapped
}

/// Columns that a text takes; colours take none.
fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_what_goes_on_hangs() {
        assert_eq!(wrap("high   one two three", 7, 14), "high   one two\n       three");
        assert_eq!(wrap("short\n  two words", 4, 8), "short\n  two\n    words");
        assert_eq!(wrap("/a/path/that/is/long x", 2, 10), "/a/path/that/is/long\n  x");
        assert_eq!(wrap_each("  hint: one two\nx", 12), "  hint: one\n    two\nx");
    }

    #[test]
    fn colours_take_no_room() {
        let text = "\u{1b}[1mhigh\u{1b}[0m   one";
        assert_eq!(wrap(text, 7, 10), text);
    }

    #[test]
    fn every_line_fits_whatever_the_width() {
        let text = "medium a b c d e f g h i j k l m n o p q r s t u v w x y z";
        for width in 9..40 {
            let wrapped = wrap(text, 7, width);
            assert!(wrapped.lines().all(|line| line.len() <= usize::from(width)), "{wrapped}");
            assert_eq!(wrapped.split_whitespace().count(), text.split_whitespace().count());
        }
    }
}
