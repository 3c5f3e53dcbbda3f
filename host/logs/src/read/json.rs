//! JSON files read as a whole, and lenient access to their values.

use std::io::Read;

use serde_json::Value;

use super::salvage::salvage;
use super::{Source, member_lines};
use crate::run::MemberLines;

/// A JSON document with the lines of its members.
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) places: MemberLines,
    /// False if the file is broken; the document then holds what precedes the error.
    pub(super) whole: bool,
}

/// Larger files are skipped.
const BYTES_MAX: u64 = 64 << 20;

impl Source<'_> {
    /// Reads a JSON file. Returns `None` if it is missing or unreadable; of a broken file, returns what precedes the
    /// error.
    pub(super) fn json(&mut self, file: &str) -> Option<Document> {
        let opened = self.open(file)?;
        let mut bytes = Vec::new();
        if let Err(error) = opened.take(BYTES_MAX + 1).read_to_end(&mut bytes) {
            self.complain(file, 0, format!("cannot be read: {error}"));
            return None;
        }
        if bytes.len() as u64 > BYTES_MAX {
            self.complain(file, 0, format!("skipped: larger than {} MiB", BYTES_MAX >> 20));
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            let line = first_invalid_line(&bytes);
            self.complain(file, line, "invalid UTF-8; the affected bytes are read as \u{fffd}");
        }
        match serde_json::from_str(&text) {
            Ok(value) => Some(Document { value, places: member_lines::of(&text), whole: true }),
            Err(error) => {
                let salvaged = salvage(&text, offset(&text, error.line(), error.column()));
                let why =
                    if error.is_eof() { "unexpected end".to_string() } else { error.to_string() };
                let consequence = match salvaged {
                    Some(_) => "only the part before it is used",
                    None => "nothing of it is used",
                };
                let message = format!("invalid JSON: {why}; {consequence}");
                // At the end of the file, the parser can report a line after the last one.
                let line = error.line().min(text.lines().count()).max(1);
                self.complain(file, line as u64, message);
                salvaged.map(|(value, used)| Document {
                    value,
                    places: member_lines::of(used),
                    whole: false,
                })
            }
        }
    }
}

/// Converts a parser position (line from 1, bytes of the line before it) to a byte offset.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = memchr::memchr_iter(b'\n', text.as_bytes());
    let start = match line {
        0 | 1 => 0,
        line => before.map(|at| at + 1).nth(line - 2).unwrap_or(text.len()),
    };
    (start + column).min(text.len())
}

/// Returns the line of the first invalid UTF-8.
fn first_invalid_line(bytes: &[u8]) -> u64 {
    let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    1 + memchr::memchr_iter(b'\n', &bytes[..valid]).count() as u64
}

/// Returns a string field; `None` if it is empty, missing or not a string.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().filter(|text| !text.is_empty()).map(String::from)
}

/// Counters and numbers are clamped to this. Real runs stay below it, and sums of it do not overflow.
const NUMBER_MAX: u64 = 1_000_000_000_000_000;

/// Returns a counter; 0 if it is missing or not a number.
pub(super) fn count(value: &Value, key: &str) -> u64 {
    let count = value
        .get(key)
        .map_or(0, |v| v.as_u64().unwrap_or_else(|| v.as_f64().map_or(0, |f| f.max(0.0) as u64)));
    count.min(NUMBER_MAX)
}

/// Returns a number; 0 if it is missing or not a number.
pub(super) fn number(value: &Value, key: &str) -> f64 {
    let number = value.get(key).and_then(Value::as_f64);
    number
        .filter(|n| n.is_finite())
        .map_or(0.0, |n| n.clamp(-(NUMBER_MAX as f64), NUMBER_MAX as f64))
}

const YEAR_10_000_S: f64 = 253_402_300_800.0;

/// Converts a Unix time in seconds to milliseconds; 0 if it is missing or invalid.
pub(super) fn seconds_ms(value: &Value, key: &str) -> i64 {
    let seconds = number(value, key);
    // Later times are invalid and would overflow when converted to microseconds.
    if seconds.abs() < YEAR_10_000_S { (seconds * 1000.0).round() as i64 } else { 0 }
}

/// Returns the members of an object field; none if it is missing or not an object.
pub(super) fn members<'a>(
    value: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// Returns the elements of an array field; none if it is missing or not an array.
pub(super) fn elements<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn huge_numbers_do_not_overflow() {
        let huge =
            json!({"time": 1e18, "past": -1e300, "tokens": u64::MAX, "real": 1_795_337_961.885});
        assert_eq!([seconds_ms(&huge, "time"), seconds_ms(&huge, "past")], [0, 0]);
        assert_eq!(seconds_ms(&huge, "real"), 1_795_337_961_885);
        assert!(count(&huge, "tokens").checked_mul(1000).is_some());
        assert!(number(&huge, "past").abs() <= NUMBER_MAX as f64);
    }
}
