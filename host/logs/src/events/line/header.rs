//! Scans the fixed start of a line without a JSON parser: three quarters of a log are data that no fact needs. A line
//! in any other format goes to the parser.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The fields of a line formatted as MassGen writes it.
#[derive(Debug, PartialEq)]
pub(super) struct Header<'a> {
    pub(super) timestamp: &'a str,
    pub(super) event: &'a str,
    pub(super) agent: Option<&'a str>,
    /// The data object as JSON, unchecked.
    pub(super) data: &'a str,
}

/// Start of every line that MassGen writes.
const LINE_PREFIX: &str = "{\"timestamp\": \"";

/// Scans a line. Returns `None` if the format differs.
pub(super) fn scan_header(line: &str) -> Option<Header<'_>> {
    let (timestamp, rest) = scan_text(line.strip_prefix(LINE_PREFIX)?)?;
    let (event, rest) = scan_text(rest.strip_prefix(", \"event_type\": \"")?)?;
    let rest = rest.strip_prefix(", \"agent_id\": ")?;
    let (agent, rest) = match rest.strip_prefix("null") {
        Some(rest) => (None, rest),
        None => scan_text(rest.strip_prefix('"')?).map(|(agent, rest)| (Some(agent), rest))?,
    };
    let rest = rest.strip_prefix(", \"round_number\": ")?;
    let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let data = rest.strip_prefix(", \"data\": ")?.strip_suffix('}')?;
    (data.starts_with('{') && data.ends_with('}')).then_some(Header {
        timestamp,
        event,
        agent,
        data,
    })
}

/// Returns whether the data contains the start of another line, as after an interrupted write.
pub(super) fn contains_another_line(data: &str) -> bool {
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(LINE_PREFIX));
    FINDER.find(data.as_bytes()).is_some()
}

/// Splits a string without escapes at its closing quote. Returns the string and the rest.
pub(super) fn scan_text(rest: &str) -> Option<(&str, &str)> {
    let end = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
    let (text, rest) = rest.split_at(end);
    Some((text, rest.strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_format_of_massgen_is_scanned() {
        let line = r#"{"timestamp": "T", "event_type": "vote", "agent_id": "a", "round_number": 3, "data": {"x": {}}}"#;
        let expect =
            Header { timestamp: "T", event: "vote", agent: Some("a"), data: r#"{"x": {}}"# };
        assert_eq!(scan_header(line), Some(expect));
        assert_eq!(scan_header(&line.replace("\"a\"", "null")).unwrap().agent, None);
        for other in [
            &line.replace(": \"T\"", ":\"T\""),
            &line.replace("\"a\"", "\"\\u0061\""),
            &line.replace(", \"round_number\": 3", ""),
            &line[..line.len() - 1].replace("{}}", "{}"),
            &line.replace("\"data\": {", "\"data\": ["),
            &line[1..],
            "",
        ] {
            assert_eq!(scan_header(other), None, "{other}");
        }
        assert!(contains_another_line(&format!("{{\"x\": \"{line}")));
    }
}
