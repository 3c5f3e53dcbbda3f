//! Recovers the part of a JSON document before the point where it is truncated or broken. Only complete members are
//! kept. Below the second level, members are kept together or not at all: an agent with half of its counters would
//! look like one that used less.

use serde_json::Value;

/// Members are kept individually down to this depth: `agents/agent_a`, `events/17`.
const DEPTH_MAX: usize = 2;

/// Returns the document up to byte `end`, where it breaks, and the text used. Returns `None` if no member is
/// complete.
pub(super) fn salvage(text: &str, end: usize) -> Option<(Value, &str)> {
    let bytes = &text.as_bytes()[..end.min(text.len())];
    let mut open: Vec<u8> = Vec::new();
    // The end of the last complete member, and the brackets open there.
    let mut complete: Option<(usize, Vec<u8>)> = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = closing_quote(bytes, at),
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                if open.pop() != Some(*byte) {
                    break;
                }
                if (1..=DEPTH_MAX).contains(&open.len()) {
                    complete = Some((at + 1, open.clone()));
                }
            }
            b',' if (1..=DEPTH_MAX).contains(&open.len()) => complete = Some((at, open.clone())),
            _ => {}
        }
        at += 1;
    }
    let (to, open) = complete?;
    let used = text.get(..to)?;
    let closing: String = open.iter().rev().map(|byte| char::from(*byte)).collect();
    Some((serde_json::from_str(&format!("{used}{closing}")).ok()?, used))
}

/// Returns the index of the quote that closes the string opened at `at`, or the end of the bytes.
fn closing_quote(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_members_before_the_cut() {
        let text = r#"{"a":"x,}\"","agents":{"one":{"n":{"in":1}},"two":{"n":{"in":2,"out":3}}},"events":[{"k":1},{"k":2}],"z":1}"#;
        let cut = |mark: &str| {
            let found = salvage(text, text.find(mark).unwrap());
            found.map_or_else(|| "none".into(), |(value, _)| value.to_string())
        };
        assert_eq!(cut("}\\"), "none");
        assert_eq!(cut("agents"), r#"{"a":"x,}\""}"#);
        assert_eq!(cut(r#","out""#), r#"{"a":"x,}\"","agents":{"one":{"n":{"in":1}}}}"#);
        assert!(cut(r#":2}]"#).ends_with(r#""events":[{"k":1}]}"#), "{}", cut(r#":2}]"#));
        for end in 0..text.len() {
            let Some((Value::Object(found), _)) = salvage(text, end) else { continue };
            assert_eq!(found["a"], "x,}\"", "{end}");
        }
    }

    #[test]
    fn invalid_documents_yield_none() {
        for text in ["", "[", "]", "{\"a\"", "\"", "{]", "}{", "{\"a\":1", "nonsense, more"] {
            assert_eq!(salvage(text, text.len()), None, "{text}");
        }
    }
}
