//! Figures as people write them.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Milliseconds: `370 ms`, `5.6 s`, `2 m 05 s`, `1 h 02 m`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        60_000..3_600_000 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds / 60 % 60),
    }
}

/// US dollars: small amounts keep the digits that tell them apart.
pub fn dollars(usd: f64) -> String {
    match usd {
        0.0 => "$0".into(),
        _ if usd.abs() < 0.01 => format!("${usd:.6}").trim_end_matches('0').to_string(),
        _ if usd.abs() < 1.0 => format!("${usd:.4}"),
        _ => format!("${usd:.2}"),
    }
}

/// A cost that may not be known; unknown is never shown as nothing.
pub fn cost(usd: Option<f64>) -> String {
    usd.map_or_else(|| "unknown".into(), dollars)
}

/// A count with thin groups: `1,048,576`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 call`, `2 calls`.
pub fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// Returns text from a log, a model or a service on one line, without characters that a terminal obeys or a reader
/// can't see.
pub fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => line.push(' '),
            c if massgen_text::is_unprintable(c) => line.push('\u{fffd}'),
            c => line.push(c),
        }
    }
    line
}

/// Columns that text takes on a terminal: some signs take two.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// At most `columns` columns, with a mark where text was cut.
pub fn cut(text: &str, columns: usize) -> String {
    let text = clean(text);
    if self::columns(&text) <= columns {
        return text;
    }
    let (mut short, mut taken) = (String::new(), 0);
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken >= columns {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// Pieces on as many lines as they need, with a gap between those of a line.
pub fn flow(pieces: &[&str], gap: &str, columns: usize) -> String {
    let (mut text, mut column) = (String::new(), 0);
    for piece in pieces {
        let wide = self::columns(piece);
        if column > 0 && column + gap.len() + wide > columns {
            text.push('\n');
            column = 0;
        }
        let gap = if column > 0 { gap } else { "" };
        text.push_str(gap);
        text.push_str(piece);
        column += gap.len() + wide;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (ms, expect) in [
            (0, "0 ms"),
            (370, "370 ms"),
            (5_590, "5.6 s"),
            (125_000, "2 m 05 s"),
            (3_720_000, "1 h 02 m"),
        ] {
            assert_eq!(duration(ms), expect);
        }
    }

    #[test]
    fn money() {
        for (usd, expect) in [
            (0.0, "$0"),
            (0.002542, "$0.002542"),
            (0.0042, "$0.0042"),
            (0.25, "$0.2500"),
            (12.345, "$12.35"),
        ] {
            assert_eq!(dollars(usd), expect);
        }
        assert_eq!(cost(None), "unknown");
    }

    #[test]
    fn counts() {
        for (n, expect) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_048_576, "1,048,576")] {
            assert_eq!(count(n), expect);
        }
    }

    #[test]
    fn hostile_text_stays_on_its_line() {
        assert_eq!(clean("a\x1b[2Jb\nc\u{202e}d"), "a\u{fffd}[2Jb c\u{fffd}d");
        assert_eq!(clean("a\u{200b}b\u{61c}c\u{2028}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(cut("abcdef", 4), "abc…");
        // Signs that take two columns count twice.
        assert_eq!((cut("❌❌❌", 4).as_str(), cut("日本語", 6).as_str()), ("❌…", "日本語"));
    }

    #[test]
    fn pieces_flow() {
        assert_eq!(flow(&["one", "two", "three"], " ", 8), "one two\nthree");
        assert_eq!(flow(&["one", "two"], "  ", 7), "one\ntwo");
    }
}
