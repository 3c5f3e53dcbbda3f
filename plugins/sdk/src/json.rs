//! Lenient access to a service's JSON: missing and null fields are `None`, unknown ones are ignored.

use serde_json::Value;

use crate::{Failure, protocol};

/// Parses a document from the service; `what` names it in errors. Invalid JSON is a protocol failure that quotes the
/// first 200 characters.
pub fn parse(text: &[u8], what: &str) -> Result<Value, Failure> {
    serde_json::from_slice(text).map_err(|error| {
        let shown: String = String::from_utf8_lossy(text).chars().take(200).collect();
        protocol(format!("{what} is not valid JSON ({error}): {shown}"))
    })
}

/// Returns the string at a JSON Pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// Returns the non-negative integer at a JSON Pointer.
pub fn count(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer)?.as_u64()
}

/// Parses a document and returns the count at a JSON Pointer, which must exist.
pub fn required_count(document: &[u8], pointer: &str, what: &str) -> Result<u64, Failure> {
    let value = parse(document, what)?;
    count(&value, pointer).ok_or_else(|| protocol(format!("{what} has no count at {pointer}")))
}

/// Returns the elements of the array at a JSON Pointer, or nothing if there is no array.
pub fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Parses JSON embedded in a request, such as a schema. Invalid JSON is an `invalid-request` failure at `pointer`.
pub fn embedded(text: &str, pointer: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure {
        pointer: Some(pointer.to_string()),
        ..crate::failure(
            crate::FailureKind::InvalidRequest,
            format!("{pointer} is not valid JSON: {error}"),
        )
    })
}

/// Percent-encodes a path segment, such as a model id with slashes and colons.
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
    fn a_count_is_a_non_negative_integer() {
        assert_eq!(required_count(b"{\"n\": 7}", "/n", "it").ok(), Some(7));
        for bad in ["{}", "{\"n\": null}", "{\"n\": -1}", "{\"n\": 1.5}", "{\"n\": \"7\"}", "7", ""]
        {
            assert!(required_count(bad.as_bytes(), "/n", "it").is_err(), "{bad}");
        }
    }
}
