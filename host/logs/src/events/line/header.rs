//! The beginning of a line as MassGen writes it, cut out without a parser: three quarters of a log are data that no
//! measurement needs. A line that is written in another way is no fault, it goes to the parser.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A line whose beginning is as MassGen writes it.
#[derive(Debug, PartialEq)]
pub(super) struct Header<'a> {
    pub(super) timestamp: &'a str,
    pub(super) event: &'a str,
    pub(super) agent: Option<&'a str>,
    /// The object of data, not looked into.
    pub(super) data: &'a str,
}

const BEGINNING: &str = "{\"timestamp\": \"";

pub(super) fn header(line: &str) -> Option<Header<'_>> {
    let (timestamp, rest) = text(line.strip_prefix(BEGINNING)?)?;
    let (event, rest) = text(rest.strip_prefix(", \"event_type\": \"")?)?;
    let rest = rest.strip_prefix(", \"agent_id\": ")?;
    let (agent, rest) = match rest.strip_prefix("null") {
        Some(rest) => (None, rest),
        None => text(rest.strip_prefix('"')?).map(|(agent, rest)| (Some(agent), rest))?,
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

/// Whether the data swallowed another line, as happens where a write was cut short.
pub(super) fn swallows_a_line(data: &str) -> bool {
    static SWALLOWED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEGINNING));
    SWALLOWED.find(data.as_bytes()).is_some()
}

/// A text without escapes up to its closing quote, and what follows.
pub(super) fn text(rest: &str) -> Option<(&str, &str)> {
    let end = memchr::memchr2(b'"', b'\\', rest.as_bytes())?;
    let (text, rest) = rest.split_at(end);
    Some((text, rest.strip_prefix('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_massgen_writes_them_and_others() {
        let line = r#"{"timestamp": "T", "event_type": "vote", "agent_id": "a", "round_number": 3, "data": {"x": {}}}"#;
        let expect =
            Header { timestamp: "T", event: "vote", agent: Some("a"), data: r#"{"x": {}}"# };
        assert_eq!(header(line), Some(expect));
        assert_eq!(header(&line.replace("\"a\"", "null")).unwrap().agent, None);
        for other in [
            &line.replace(": \"T\"", ":\"T\""),
            &line.replace("\"a\"", "\"\\u0061\""),
            &line.replace(", \"round_number\": 3", ""),
            &line[..line.len() - 1].replace("{}}", "{}"),
            &line.replace("\"data\": {", "\"data\": ["),
            &line[1..],
            "",
        ] {
            assert_eq!(header(other), None, "{other}");
        }
        assert!(swallows_a_line(&format!("{{\"x\": \"{line}")));
    }
}
