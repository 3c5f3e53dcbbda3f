//! Whole JSON files, and forgiving access to what is in them.

use std::io::Read;

use serde_json::Value;

use super::salvage::salvage;
use super::{Source, places};
use crate::run::MemberLines;

/// A JSON document and where its members stand.
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) places: MemberLines,
    /// It was read to its end; otherwise it holds what stands before the place that can't be read.
    pub(super) whole: bool,
}

/// Larger files are not read as one document.
const BYTES_MAX: u64 = 64 << 20;

impl Source<'_> {
    /// A JSON file.
    pub(super) fn json(&mut self, file: &str) -> Option<Document> {
        let opened = self.open(file)?;
        let mut bytes = Vec::new();
        if let Err(error) = opened.take(BYTES_MAX + 1).read_to_end(&mut bytes) {
            self.complain(file, 0, format!("can't be read: {error}"));
            return None;
        }
        if bytes.len() as u64 > BYTES_MAX {
            self.complain(file, 0, format!("is larger than {} MiB and left out", BYTES_MAX >> 20));
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            let line = first_bad_line(&bytes);
            self.complain(file, line, "holds bytes that are not UTF-8; they are read as \u{fffd}");
        }
        match serde_json::from_str(&text) {
            Ok(value) => Some(Document { value, places: places::places(&text), whole: true }),
            Err(error) => {
                let kept = salvage(&text, offset(&text, error.line(), error.column()));
                let why = if error.is_eof() {
                    "ends in the middle".to_string()
                } else {
                    error.to_string()
                };
                let rest = match kept {
                    Some(_) => "what stands before is read",
                    None => "nothing of it can be read",
                };
                let message = format!("is no JSON document: {why}; {rest}");
                // A parser that comes to the end of the last line stands on a line that is not there.
                let line = error.line().min(text.lines().count()).max(1);
                self.complain(file, line as u64, message);
                kept.map(|(value, taken)| Document {
                    value,
                    places: places::places(taken),
                    whole: false,
                })
            }
        }
    }
}

/// The byte of a place that is given as a parser gives it: line from 1, bytes of the line before it.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = memchr::memchr_iter(b'\n', text.as_bytes());
    let start = match line {
        0 | 1 => 0,
        line => before.map(|at| at + 1).nth(line - 2).unwrap_or(text.len()),
    };
    (start + column).min(text.len())
}

/// The line of the first byte that is not UTF-8.
fn first_bad_line(bytes: &[u8]) -> u64 {
    let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    1 + memchr::memchr_iter(b'\n', &bytes[..valid]).count() as u64
}

/// A text, if it is one and not empty.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().filter(|text| !text.is_empty()).map(String::from)
}

/// Nothing in a run is so much; sums of it still count.
const MOST: u64 = 1_000_000_000_000_000;

/// A count; anything else is 0.
pub(super) fn count(value: &Value, key: &str) -> u64 {
    let count = value
        .get(key)
        .map_or(0, |v| v.as_u64().unwrap_or_else(|| v.as_f64().map_or(0, |f| f.max(0.0) as u64)));
    count.min(MOST)
}

/// A number; anything else is 0.
pub(super) fn number(value: &Value, key: &str) -> f64 {
    let number = value.get(key).and_then(Value::as_f64);
    number.filter(|n| n.is_finite()).map_or(0.0, |n| n.clamp(-(MOST as f64), MOST as f64))
}

const YEAR_10_000_S: f64 = 253_402_300_800.0;

/// Unix milliseconds of a time in seconds; 0 where it is none.
pub(super) fn seconds_ms(value: &Value, key: &str) -> i64 {
    let seconds = number(value, key);
    // What is beyond the calendar is no time, and would not count as microseconds.
    if seconds.abs() < YEAR_10_000_S { (seconds * 1000.0).round() as i64 } else { 0 }
}

/// Members of an object.
pub(super) fn members<'a>(
    value: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// Elements of an array.
pub(super) fn elements<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_no_run_has_do_not_overflow() {
        let huge =
            json!({"time": 1e18, "past": -1e300, "tokens": u64::MAX, "real": 1_795_337_961.885});
        assert_eq!([seconds_ms(&huge, "time"), seconds_ms(&huge, "past")], [0, 0]);
        assert_eq!(seconds_ms(&huge, "real"), 1_795_337_961_885);
        assert!(count(&huge, "tokens").checked_mul(1000).is_some());
        assert!(number(&huge, "past").abs() <= MOST as f64);
    }
}
