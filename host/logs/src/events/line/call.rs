//! The start and the end of a tool call. They take half of the time to read a log, so data formatted as MassGen
//! writes it is split at the known text between the fields. Everything else, including broken data, goes to the JSON
//! parser.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::FinderRev;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::args::Args;
use super::fields::Text;
use super::header::scan_text;
use super::result::{self, MeasuredResult};
use super::{LineEvent, cut};

/// The end of a call.
#[derive(Debug)]
pub(in crate::events) struct ToolEnd<'a> {
    pub(in crate::events) id: Cow<'a, str>,
    pub(in crate::events) tool: Cow<'a, str>,
    pub(in crate::events) elapsed_ms: f64,
    pub(in crate::events) recorded_failure: bool,
    pub(in crate::events) background: bool,
    pub(in crate::events) measured: MeasuredResult,
}

pub(super) fn start(data: &str) -> Result<LineEvent<'_>, serde_json::Error> {
    scan_start(data).map_or_else(|| parse_start(data), Ok)
}

pub(super) fn end(data: &str) -> Result<LineEvent<'_>, serde_json::Error> {
    scan_end(data).map_or_else(|| parse_end(data), Ok)
}

fn scan_start(data: &str) -> Option<LineEvent<'_>> {
    let (id, tool, rest) = scan_names(data)?;
    let rest = rest.strip_prefix(", \"args\": ")?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter();
    let args = values.next()?.ok()?;
    let rest = rest[values.byte_offset()..].strip_prefix(", \"server_name\": ")?;
    ends_with_name(rest).then_some(LineEvent::ToolStart { id: id.into(), tool: tool.into(), args })
}

/// Maximum length of the fields after the result.
const TAIL_BYTES_MAX: usize = 256;
const AFTER_RESULT: &str = ", \"elapsed_seconds\": ";
static AFTER_RESULT_FINDER: LazyLock<FinderRev<'static>> =
    LazyLock::new(|| FinderRev::new(AFTER_RESULT));

fn scan_end(data: &str) -> Option<LineEvent<'_>> {
    let (id, tool, rest) = scan_names(data)?;
    let rest = rest.strip_prefix(", \"result\": ")?;
    let tail = rest.len().saturating_sub(TAIL_BYTES_MAX);
    let result_end = tail + AFTER_RESULT_FINDER.rfind(&rest.as_bytes()[tail..])?;
    let (result, rest) = rest.split_at(result_end);
    let (seconds, rest) = rest.strip_prefix(AFTER_RESULT)?.split_once(", \"status\": \"")?;
    let (status, rest) = scan_text(rest)?;
    let rest = rest.strip_prefix(", \"is_error\": ")?;
    let (is_error, rest) = match rest.strip_prefix("false") {
        Some(rest) => (false, rest),
        None => (true, rest.strip_prefix("true")?),
    };
    let is_whole = ends_with_name(rest.strip_prefix(", \"async_id\": ")?);
    let is_text = result.len() >= 2 && result.starts_with('"') && result.ends_with('"');
    if !is_whole || !is_text {
        return None;
    }
    let end = RawEnd {
        id: id.into(),
        tool: tool.into(),
        result,
        seconds: Some(seconds.parse().ok()?),
        status: status.into(),
        is_error,
    };
    Some(LineEvent::ToolEnd(Box::new(end.measured()?)))
}

/// Returns the id, the tool and the rest of the data.
fn scan_names(data: &str) -> Option<(&str, &str, &str)> {
    let (id, rest) = scan_text(data.strip_prefix("{\"tool_id\": \"")?)?;
    let (tool, rest) = scan_text(rest.strip_prefix(", \"tool_name\": \"")?)?;
    Some((id, tool, rest))
}

/// Returns whether the rest is a name or `null`, and the end of the object.
fn ends_with_name(rest: &str) -> bool {
    rest == "null}"
        || rest.strip_prefix('"').and_then(scan_text).is_some_and(|(_, rest)| rest == "}")
}

fn parse_start(data: &str) -> Result<LineEvent<'_>, serde_json::Error> {
    #[derive(Deserialize)]
    struct StartData<'a> {
        #[serde(borrow, default)]
        tool_id: Option<Text<'a>>,
        #[serde(borrow)]
        tool_name: Text<'a>,
        #[serde(borrow, default)]
        args: Option<&'a RawValue>,
    }
    let data: StartData<'_> = serde_json::from_str(data)?;
    Ok(LineEvent::ToolStart {
        id: data.tool_id.unwrap_or_default().0,
        tool: data.tool_name.0,
        args: Args::of(data.args.map_or("null", RawValue::get)),
    })
}

fn parse_end(data: &str) -> Result<LineEvent<'_>, serde_json::Error> {
    #[derive(Deserialize)]
    struct EndData<'a> {
        #[serde(borrow, default)]
        tool_id: Option<Text<'a>>,
        #[serde(borrow)]
        tool_name: Text<'a>,
        #[serde(borrow, default)]
        result: Option<&'a RawValue>,
        #[serde(default)]
        elapsed_seconds: Option<f64>,
        #[serde(borrow, default)]
        status: Option<Text<'a>>,
        #[serde(default)]
        is_error: Option<bool>,
    }
    let data: EndData<'_> = serde_json::from_str(data)?;
    let end = RawEnd {
        id: data.tool_id.unwrap_or_default().0,
        tool: data.tool_name.0,
        result: data.result.map_or("null", RawValue::get),
        seconds: data.elapsed_seconds,
        status: data.status.unwrap_or_default().0,
        is_error: data.is_error == Some(true),
    };
    Ok(end.measured().map_or(LineEvent::Irrelevant, |end| LineEvent::ToolEnd(Box::new(end))))
}

/// The fields of an end before its result is measured.
struct RawEnd<'a> {
    id: Cow<'a, str>,
    tool: Cow<'a, str>,
    /// The result as JSON.
    result: &'a str,
    seconds: Option<f64>,
    status: Cow<'a, str>,
    is_error: bool,
}

/// Longer recorded durations (thirty years) are invalid.
const SECONDS_MAX: f64 = 1e9;

impl<'a> RawEnd<'a> {
    /// Measures the result. Returns `None` if the result is not valid JSON.
    fn measured(self) -> Option<ToolEnd<'a>> {
        let recorded_failure = self.is_error || self.status == "error";
        let mut measured = result::measure(&self.tool, self.result)?;
        if recorded_failure && measured.failure.is_none() {
            let text = serde_json::from_str::<String>(self.result);
            measured.failure = Some(cut(text.as_deref().unwrap_or(self.result)).into());
        }
        let seconds = self.seconds.filter(|s| (0.0..SECONDS_MAX).contains(s)).unwrap_or(0.0);
        Some(ToolEnd {
            id: self.id,
            tool: self.tool,
            elapsed_ms: seconds * 1000.0,
            recorded_failure,
            background: self.status == "background",
            measured,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"{"tool_id": "c1", "tool_name": "t", "args": {"a": {"b": [1, null]}, "command": "ls -l"}, "server_name": "mcp"}"#;
    const END: &str = r#"{"tool_id": "c1", "tool_name": "t", "result": "{\"exit_code\": 2}\n", "elapsed_seconds": 0.0125, "status": "success", "is_error": false, "async_id": null}"#;

    fn same(
        data: &str,
        scanner: fn(&str) -> Option<LineEvent<'_>>,
        parser: fn(&str) -> Result<LineEvent<'_>, serde_json::Error>,
    ) -> bool {
        let parsed = parser(data).map(|event| format!("{event:?}"));
        match scanner(data) {
            Some(event) => format!("{event:?}") == parsed.unwrap(),
            None => false,
        }
    }

    #[test]
    fn scanner_and_parser_agree() {
        assert!(same(START, scan_start, parse_start));
        assert!(same(&START.replace("\"mcp\"", "null"), scan_start, parse_start));
        let whole = "\"{\\\"exit_code\\\": 2}\\n\"";
        assert!(END.contains(whole));
        for result in [
            whole,
            "\"\"",
            r#""plain""#,
            r#""a \"quoted\", \"elapsed_seconds\": 1 word""#,
            r#""Error: no \ud83d""#,
            r#""\u00e4\n\tExit code: 3\n""#,
        ] {
            assert!(same(&END.replace(whole, result), scan_end, parse_end), "{result}");
        }
        for (from, to) in [("false", "true"), ("success", "background"), ("null}", "\"x\"}")] {
            assert!(same(&END.replace(from, to), scan_end, parse_end), "{to}");
        }
    }

    #[test]
    fn other_formats_go_to_the_parser() {
        for (from, to) in [
            ("c1", "c\\u0031"),
            ("\"t\", ", "\"t\",  "),
            ("\"{\\\"exit_code\\\": 2}\\n\"", "{\"exit_code\": 2}"),
            ("2}\\n\"", "2}\", \"more\": \"\""),
            ("0.0125", "\"0.0125\""),
            ("null}", "null, \"more\": 1}"),
        ] {
            let data = END.replace(from, to);
            assert!(data != END && scan_end(&data).is_none(), "{data}");
        }
        for (from, to) in
            [("{\"b\"", "{\"b"), ("\"mcp\"}", "\"mcp\", \"more\": 1}"), ("c1", "c\\n")]
        {
            let data = START.replace(from, to);
            assert!(data != START && scan_start(&data).is_none(), "{data}");
        }
    }
}
