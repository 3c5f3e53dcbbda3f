//! The start and the end of a tool call. Half of a log's work is in them, so that data as MassGen writes them are cut
//! apart by what stands around their parts; everything else, and everything that is wrong, goes to the parser.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::FinderRev;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::args::Args;
use super::fields::Text;
use super::header::text;
use super::result::{self, Measured};
use super::{What, cut};

/// The end of a call.
#[derive(Debug)]
pub(in crate::events) struct ToolEnd<'a> {
    pub(in crate::events) id: Cow<'a, str>,
    pub(in crate::events) tool: Cow<'a, str>,
    pub(in crate::events) elapsed_ms: f64,
    pub(in crate::events) recorded_failure: bool,
    pub(in crate::events) background: bool,
    pub(in crate::events) measured: Measured,
}

pub(super) fn start(data: &str) -> Result<What<'_>, serde_json::Error> {
    plain_start(data).map_or_else(|| parsed_start(data), Ok)
}

pub(super) fn end(data: &str) -> Result<What<'_>, serde_json::Error> {
    plain_end(data).map_or_else(|| parsed_end(data), Ok)
}

fn plain_start(data: &str) -> Option<What<'_>> {
    let (id, tool, rest) = named(data)?;
    let rest = rest.strip_prefix(", \"args\": ")?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter();
    let args = values.next()?.ok()?;
    let rest = rest[values.byte_offset()..].strip_prefix(", \"server_name\": ")?;
    ends_with_name(rest).then_some(What::ToolStart { id: id.into(), tool: tool.into(), args })
}

/// What follows the result is short.
const TAIL_BYTES_MAX: usize = 256;
const AFTER_RESULT: &str = ", \"elapsed_seconds\": ";
static AFTER: LazyLock<FinderRev<'static>> = LazyLock::new(|| FinderRev::new(AFTER_RESULT));

fn plain_end(data: &str) -> Option<What<'_>> {
    let (id, tool, rest) = named(data)?;
    let rest = rest.strip_prefix(", \"result\": ")?;
    let tail = rest.len().saturating_sub(TAIL_BYTES_MAX);
    let result = tail + AFTER.rfind(&rest.as_bytes()[tail..])?;
    let (result, rest) = rest.split_at(result);
    let (seconds, rest) = rest.strip_prefix(AFTER_RESULT)?.split_once(", \"status\": \"")?;
    let (status, rest) = text(rest)?;
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
    let end = End {
        id: id.into(),
        tool: tool.into(),
        result,
        seconds: Some(seconds.parse().ok()?),
        status: status.into(),
        is_error,
    };
    Some(What::ToolEnd(Box::new(end.measured()?)))
}

/// Id and tool, and what follows them.
fn named(data: &str) -> Option<(&str, &str, &str)> {
    let (id, rest) = text(data.strip_prefix("{\"tool_id\": \"")?)?;
    let (tool, rest) = text(rest.strip_prefix(", \"tool_name\": \"")?)?;
    Some((id, tool, rest))
}

/// Whether a name or nothing is left, and the end of the object.
fn ends_with_name(rest: &str) -> bool {
    rest == "null}" || rest.strip_prefix('"').and_then(text).is_some_and(|(_, rest)| rest == "}")
}

fn parsed_start(data: &str) -> Result<What<'_>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow, default)]
        tool_id: Option<Text<'a>>,
        #[serde(borrow)]
        tool_name: Text<'a>,
        #[serde(borrow, default)]
        args: Option<&'a RawValue>,
    }
    let data: Data<'_> = serde_json::from_str(data)?;
    Ok(What::ToolStart {
        id: data.tool_id.unwrap_or_default().0,
        tool: data.tool_name.0,
        args: Args::of(data.args.map_or("null", RawValue::get)),
    })
}

fn parsed_end(data: &str) -> Result<What<'_>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Data<'a> {
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
    let data: Data<'_> = serde_json::from_str(data)?;
    let end = End {
        id: data.tool_id.unwrap_or_default().0,
        tool: data.tool_name.0,
        result: data.result.map_or("null", RawValue::get),
        seconds: data.elapsed_seconds,
        status: data.status.unwrap_or_default().0,
        is_error: data.is_error == Some(true),
    };
    Ok(end.measured().map_or(What::Nothing, |end| What::ToolEnd(Box::new(end))))
}

/// The parts of an end, before the result is looked into.
struct End<'a> {
    id: Cow<'a, str>,
    tool: Cow<'a, str>,
    /// As it stands there.
    result: &'a str,
    seconds: Option<f64>,
    status: Cow<'a, str>,
    is_error: bool,
}

/// No call takes thirty years.
const SECONDS_MAX: f64 = 1e9;

impl<'a> End<'a> {
    /// None if the result is no JSON.
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
        way: fn(&str) -> Option<What<'_>>,
        parser: fn(&str) -> Result<What<'_>, serde_json::Error>,
    ) -> bool {
        let parsed = parser(data).map(|what| format!("{what:?}"));
        match way(data) {
            Some(what) => format!("{what:?}") == parsed.unwrap(),
            None => false,
        }
    }

    #[test]
    fn both_ways_say_the_same() {
        assert!(same(START, plain_start, parsed_start));
        assert!(same(&START.replace("\"mcp\"", "null"), plain_start, parsed_start));
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
            assert!(same(&END.replace(whole, result), plain_end, parsed_end), "{result}");
        }
        for (from, to) in [("false", "true"), ("success", "background"), ("null}", "\"x\"}")] {
            assert!(same(&END.replace(from, to), plain_end, parsed_end), "{to}");
        }
    }

    #[test]
    fn what_massgen_does_not_write_so_goes_to_the_parser() {
        for (from, to) in [
            ("c1", "c\\u0031"),
            ("\"t\", ", "\"t\",  "),
            ("\"{\\\"exit_code\\\": 2}\\n\"", "{\"exit_code\": 2}"),
            ("2}\\n\"", "2}\", \"more\": \"\""),
            ("0.0125", "\"0.0125\""),
            ("null}", "null, \"more\": 1}"),
        ] {
            let data = END.replace(from, to);
            assert!(data != END && plain_end(&data).is_none(), "{data}");
        }
        for (from, to) in
            [("{\"b\"", "{\"b"), ("\"mcp\"}", "\"mcp\", \"more\": 1}"), ("c1", "c\\n")]
        {
            let data = START.replace(from, to);
            assert!(data != START && plain_start(&data).is_none(), "{data}");
        }
    }
}
