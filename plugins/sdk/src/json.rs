//! Forgiving access to JSON of a service: a missing or null field is none, a foreign one is not looked at.

use serde_json::Value;

use crate::{Failure, protocol};

/// Parses a document of the service. Broken JSON is a protocol failure that shows its beginning.
pub fn parse(text: &[u8], what: &str) -> Result<Value, Failure> {
    serde_json::from_slice(text).map_err(|error| {
        let shown: String = String::from_utf8_lossy(text).chars().take(200).collect();
        protocol(format!("{what} is no JSON ({error}): {shown}"))
    })
}

/// A text at a JSON Pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// A count at a JSON Pointer.
pub fn count(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer)?.as_u64()
}

/// The count at a JSON Pointer of a document that is there to tell it.
pub fn told(document: &[u8], pointer: &str, what: &str) -> Result<u64, Failure> {
    let value = parse(document, what)?;
    count(&value, pointer).ok_or_else(|| protocol(format!("{what} has no count at {pointer}")))
}

/// The elements of an array at a JSON Pointer; none if there is no array.
pub fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Parses a text that the host guarantees to be JSON, such as a schema; what is not is `invalid`.
pub fn embedded(text: &str, pointer: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure {
        pointer: Some(pointer.to_string()),
        ..crate::failure(
            crate::FailureKind::InvalidRequest,
            format!("{pointer} is no JSON: {error}"),
        )
    })
}

/// One path segment, percent-encoded: a model id may hold slashes and colons.
pub fn path_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte as char)
            }
            _ => {
                encoded.push('%');
                encoded.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
                encoded.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments() {
        assert_eq!(path_segment("gemini-3.5-flash_lite~1"), "gemini-3.5-flash_lite~1");
        assert_eq!(path_segment("../a b:c/d"), "..%2Fa%20b%3Ac%2Fd");
        assert_eq!(path_segment("é"), "%C3%A9");
    }

    #[test]
    fn a_count_is_a_whole_number() {
        assert_eq!(told(b"{\"n\": 7}", "/n", "it").ok(), Some(7));
        for bad in ["{}", "{\"n\": null}", "{\"n\": -1}", "{\"n\": 1.5}", "{\"n\": \"7\"}", "7", ""]
        {
            assert!(told(bad.as_bytes(), "/n", "it").is_err(), "{bad}");
        }
    }
}
