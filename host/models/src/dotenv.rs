//! `.env` files, read as python-dotenv reads them for everything that people write into such files;
//! variables are not expanded.

/// Names and values in order. Lines that are no assignment are passed over.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let assignment = line.trim_start().strip_prefix("export ").unwrap_or(line.trim_start());
        rest = after;
        let Some((name, value)) = assignment.split_once('=') else { continue };
        let name = name.trim();
        if !is_name(name) {
            continue;
        }
        let value = value.trim_start();
        match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                // A quoted value may go on over lines.
                let start = value.as_ptr() as usize - text.as_ptr() as usize + quote.len_utf8();
                if let Some((value, end)) = quoted(&text[start..], quote) {
                    found.push((name.to_string(), value));
                    let end = start + end;
                    rest = text[end..].split_once('\n').map_or("", |(_, after)| after);
                }
            }
            _ => found.push((name.to_string(), unquoted(value))),
        }
    }
    found
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.' || b == b'-')
}

/// A comment begins at ` #`.
fn unquoted(value: &str) -> String {
    let value = value.trim_end_matches('\r');
    let end = value
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || value[..*at].ends_with(char::is_whitespace)));
    value[..end.map_or(value.len(), |(at, _)| at)].trim().to_string()
}

/// The value up to the closing quote, and where that is.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((value, at + 1)),
            '\\' => match chars.next()?.1 {
                'n' if quote == '"' => value.push('\n'),
                'r' if quote == '"' => value.push('\r'),
                't' if quote == '"' => value.push('\t'),
                escaped if escaped == quote || escaped == '\\' => value.push(escaped),
                other => {
                    value.push('\\');
                    value.push(other);
                }
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)]) {
        let found = parse(text);
        let found: Vec<_> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expect, "{text:?}");
    }

    #[test]
    fn what_people_write() {
        check(
            "A=1\nexport B = two # note\nC=\"three # 3\"\nD='it''s'\n",
            &[("A", "1"), ("B", "two"), ("C", "three # 3"), ("D", "it")],
        );
        check("# comment\n\nA=\r\nB=x#y\r\n=z\nnonsense\n1A=x", &[("A", ""), ("B", "x#y")]);
        check(
            "A=\"line\\nbreak\\\"q\\\"\"\nB='raw\\n'",
            &[("A", "line\nbreak\"q\""), ("B", "raw\\n")],
        );
        check("A=\"over\nlines\"\nB=2", &[("A", "over\nlines"), ("B", "2")]);
        check("A=\"never closed\nB=2", &[("B", "2")]);
        check("\u{feff}A=grün", &[("A", "grün")]);
    }
}
