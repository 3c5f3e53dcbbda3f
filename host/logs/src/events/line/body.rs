//! Counts and unescapes the body of a JSON string: the text between its quotes, still escaped. Results are most of a
//! log, and a JSON parser needs three passes to count the characters of one; this code needs one.

/// Returns the body without leading white space, literal or escaped.
pub(super) fn trim_start(body: &str) -> &str {
    let mut body = body.trim_start();
    while let Some(rest) = ["\\n", "\\t", "\\r"].iter().find_map(|space| body.strip_prefix(space)) {
        body = rest.trim_start();
    }
    body
}

/// Counts characters after unescaping. Returns `None` if this is not a string body.
pub(super) fn count_chars(body: &str) -> Option<u64> {
    let bytes = body.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'\\', b'"', &bytes[at..]) {
        count += plain_chars(&bytes[at..at + found]);
        at += found;
        let (step, counts) = match bytes[at..] {
            // The second surrogate of a pair is counted with the first.
            [b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', _, _, ..] => (6, 0),
            [b'\\', b'u', _, _, _, _, ..] => (6, 1),
            [b'\\', other, ..] if other != b'u' => (2, 1),
            _ => return None,
        };
        count += counts;
        at += step;
    }
    Some(count + plain_chars(&bytes[at..]))
}

fn plain_chars(bytes: &[u8]) -> u64 {
    if bytes.is_ascii() {
        return bytes.len() as u64;
    }
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

/// Unescapes the body. Returns `None` if this is not a string body or has an unpaired surrogate.
pub(super) fn unescape(body: &str) -> Option<String> {
    let bytes = body.as_bytes();
    // An escape is longer than its character.
    let mut text = vec![0; bytes.len()];
    let (mut from, mut to) = (0, 0);
    while let Some(byte) = bytes.get(from) {
        if let Some(eight) = bytes[from..].first_chunk() {
            text[to..to + 8].copy_from_slice(eight);
            let plain = plain_bytes(eight);
            (from, to) = (from + plain, to + plain);
            if plain == 8 {
                continue;
            }
        } else if !matches!(byte, b'\\' | b'"') {
            text[to] = *byte;
            (from, to) = (from + 1, to + 1);
            continue;
        }
        let (length, unescaped) = escape(&bytes[from..])?;
        to += unescaped.encode_utf8(&mut text[to..]).len();
        from += length;
    }
    text.truncate(to);
    String::from_utf8(text).ok()
}

/// Returns how many of eight bytes precede the first backslash or quote.
fn plain_bytes(eight: &[u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let word = u64::from_le_bytes(*eight);
    // Sets the highest bit of each byte that equals the mark. Borrows only affect bytes after the first match.
    let is = |mark: u8| {
        let differs = word ^ (ONES * u64::from(mark));
        differs.wrapping_sub(ONES) & !differs & (ONES << 7)
    };
    ((is(b'\\') | is(b'"')).trailing_zeros() / 8) as usize
}

/// Decodes the escape at the start of `bytes` into its length and character.
fn escape(bytes: &[u8]) -> Option<(usize, char)> {
    let short = |unescaped| Some((2, unescaped));
    match bytes {
        [b'\\', b'n', ..] => short('\n'),
        [b'\\', mark @ (b'"' | b'\\' | b'/'), ..] => short(char::from(*mark)),
        [b'\\', b't', ..] => short('\t'),
        [b'\\', b'r', ..] => short('\r'),
        [b'\\', b'b', ..] => short('\u{8}'),
        [b'\\', b'f', ..] => short('\u{c}'),
        [b'\\', b'u', ..] => {
            let first = utf16_unit(bytes)?;
            if let Some(unescaped) = char::from_u32(u32::from(first)) {
                return Some((6, unescaped));
            }
            let pair = char::decode_utf16([first, utf16_unit(&bytes[6..])?]).next()?;
            Some((12, pair.ok()?))
        }
        _ => None,
    }
}

/// Decodes one UTF-16 code unit such as `\u00e4`.
fn utf16_unit(bytes: &[u8]) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = bytes.first_chunk::<6>()? else { return None };
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)? as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: &[&str] = &[
        "",
        "plain",
        "a\nb\"c\\d",
        "\u{e4}\u{20ac}\u{1f600}",
        "\u{1}x",
        "twelve bytes\twith\r\n\u{8}\u{c} all escapes \"\"\\\\\" in a row, and \u{e4}\u{e4}\u{e4}\u{e4}\u{e4}",
        "{\"success\": true, \"output\": \"line one\\nline two\\n\", \"exit_code\": 0}",
    ];

    #[test]
    fn agrees_with_the_parser() {
        for text in TEXTS {
            let json = serde_json::to_string(text).unwrap();
            // Escaped to ASCII, as Python does.
            let ascii: String = json
                .encode_utf16()
                .map(|unit| match u8::try_from(unit) {
                    Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                    _ => format!("\\u{unit:04x}"),
                })
                .collect();
            // Prefixes move the escapes through all positions of the eight-byte words.
            for json in [json, ascii] {
                for end in (1..json.len()).filter(|end| json.is_char_boundary(*end)) {
                    let whole = format!("{}\"", &json[..end]);
                    let parsed = serde_json::from_str::<String>(&whole).ok();
                    let count = parsed.as_ref().map(|text| text.chars().count() as u64);
                    assert_eq!(unescape(&json[1..end]), parsed, "{whole}");
                    assert!(parsed.is_none() || count_chars(&json[1..end]) == count, "{whole}");
                }
            }
        }
    }

    #[test]
    fn invalid_bodies() {
        assert_eq!(count_chars(r"\ud83d\ude00\u00e4"), Some(2));
        for broken in [r"cut \u", "cut \\", "a \" b", "a long one with a \" b"] {
            assert_eq!((count_chars(broken), unescape(broken)), (None, None), "{broken}");
        }
        for half in [r"\ud83d", r"\ud83d\u0041 and more", r"\ude00", r"\u00g0", r"\u+123", "\\x"] {
            assert_eq!(unescape(half), None, "{half}");
        }
    }

    #[test]
    fn leading_white_space() {
        assert_eq!(trim_start(r"  \n \t\r {"), "{");
        assert_eq!(trim_start(r"\u0020{"), r"\u0020{");
    }
}
