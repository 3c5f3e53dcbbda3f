//! What stands before the place at which a JSON document is cut or broken. Only members that are whole are
//! taken, and below the second level none is taken without its neighbours: an agent with half of its counters
//! would pass for one that used less.

use serde_json::Value;

/// Members are taken one by one down to here: `agents/agent_a`, `events/17`.
const DEPTH_MAX: usize = 2;

/// The document up to byte `end`, at which it breaks, and the part of the text that it was made of; none if not
/// one member is whole.
pub(super) fn salvage(text: &str, end: usize) -> Option<(Value, &str)> {
    let bytes = &text.as_bytes()[..end.min(text.len())];
    let mut open: Vec<u8> = Vec::new();
    // Behind the last whole member: where that is, and what is open there.
    let mut whole: Option<(usize, Vec<u8>)> = None;
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
                    whole = Some((at + 1, open.clone()));
                }
            }
            b',' if (1..=DEPTH_MAX).contains(&open.len()) => whole = Some((at, open.clone())),
            _ => {}
        }
        at += 1;
    }
    let (to, open) = whole?;
    let taken = text.get(..to)?;
    let closed: String = open.iter().rev().map(|byte| char::from(*byte)).collect();
    Some((serde_json::from_str(&format!("{taken}{closed}")).ok()?, taken))
}

/// Where the text that opens at `at` closes; the end if it does not.
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
    fn whole_members_before_the_cut() {
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
    fn what_is_no_document_gives_none() {
        for text in ["", "[", "]", "{\"a\"", "\"", "{]", "}{", "{\"a\":1", "nonsense, more"] {
            assert_eq!(salvage(text, text.len()), None, "{text}");
        }
    }
}
