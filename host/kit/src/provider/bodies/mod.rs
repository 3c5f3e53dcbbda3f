//! Reply bodies as documents that can be changed and written back.

mod event_stream;
mod shape;

use serde_json::{Map, Value};

pub(super) use shape::Shape;

/// Fields whose objects belong to the user or to a tool. They are left unchanged.
const FOREIGN: &[&str] = &["input", "args", "arguments", "parameters", "partial_json", "schema"];

/// A piece of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Name of the event, if it has one.
    pub(super) event: Option<String>,
    /// The content.
    pub(super) data: Data,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    Json(Value),
    Text(String),
    /// Written verbatim.
    Comment(String),
}

impl Data {
    fn parse(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => Self::Json(value),
            _ => Self::Text(text.to_string()),
        }
    }

    fn print(&self) -> String {
        match self {
            Self::Json(value) => value.to_string(),
            Self::Text(text) | Self::Comment(text) => text.clone(),
        }
    }
}

/// Parses a body into pieces. Returns `None` for an unknown format.
pub(super) fn parse(shape: Shape, body: &[u8]) -> Option<Vec<Piece>> {
    if shape == Shape::EventStream {
        let events = event_stream::parse(body)?.into_iter();
        let piece = |(name, payload)| {
            let text = String::from_utf8(payload).ok()?;
            Some(Piece { event: Some(name), data: Data::parse(&text) })
        };
        return events.map(piece).collect();
    }
    let text = std::str::from_utf8(body).ok()?;
    let piece = |text: &str| Piece { event: None, data: Data::parse(text) };
    match shape {
        Shape::Unknown | Shape::EventStream => None,
        Shape::Whole => Some(vec![piece(text)]),
        Shape::Lines => Some(text.lines().filter(|line| !line.is_empty()).map(piece).collect()),
        Shape::Sse => {
            let text = text.replace("\r\n", "\n");
            Some(text.split("\n\n").filter(|block| !block.trim().is_empty()).map(block).collect())
        }
    }
}

fn block(text: &str) -> Piece {
    let (mut event, mut data) = (None, Vec::new());
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("event:") {
            event = Some(name.trim_start().to_string());
        } else if let Some(more) = line.strip_prefix("data:") {
            data.push(more.strip_prefix(' ').unwrap_or(more));
        }
    }
    match (data.is_empty(), &event) {
        (true, None) => Piece { event, data: Data::Comment(text.to_string()) },
        _ => Piece { event, data: Data::parse(&data.join("\n")) },
    }
}

/// Formatting of server-sent events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) line_end: &'static str,
    /// Split JSON into several `data` lines.
    pub(super) broken_lines: bool,
    /// Write an empty line after the last event.
    pub(super) last_blank: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { line_end: "\n", broken_lines: false, last_blank: true }
    }
}

/// Writes pieces as a body.
pub(super) fn print(shape: Shape, pieces: &[Piece], style: Style) -> Vec<u8> {
    if shape == Shape::EventStream {
        let print = |piece: &Piece| {
            event_stream::print(
                piece.event.as_deref().unwrap_or_default(),
                piece.data.print().as_bytes(),
            )
        };
        return pieces.iter().flat_map(print).collect();
    }
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        let data = piece.data.print();
        match shape {
            Shape::Whole | Shape::Unknown | Shape::EventStream => text.push_str(&data),
            Shape::Lines => {
                text.push_str(&data);
                text.push_str(style.line_end);
            }
            Shape::Sse => {
                if let Some(name) = &piece.event {
                    text.push_str(&format!("event: {name}{}", style.line_end));
                }
                match &piece.data {
                    Data::Comment(lines) => {
                        lines
                            .lines()
                            .for_each(|line| text.push_str(&format!("{line}{}", style.line_end)));
                    }
                    Data::Json(value) if style.broken_lines => {
                        let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
                        for line in pretty.lines() {
                            text.push_str(&format!("data: {line}{}", style.line_end));
                        }
                    }
                    _ => data
                        .split('\n')
                        .for_each(|line| text.push_str(&format!("data: {line}{}", style.line_end))),
                }
                if at + 1 < pieces.len() || style.last_blank {
                    text.push_str(style.line_end);
                }
            }
        }
    }
    text.into_bytes()
}

/// Returns the pieces with every JSON document changed.
pub(super) fn map(pieces: &[Piece], mut change: impl FnMut(&mut Value)) -> Vec<Piece> {
    let mut changed = pieces.to_vec();
    for piece in &mut changed {
        if let Data::Json(value) = &mut piece.data {
            change(value);
        }
    }
    changed
}

/// Returns the pieces with a text replaced. The result need not be valid JSON.
pub(super) fn replace(pieces: &[Piece], from: &str, to: &str) -> Vec<Piece> {
    let mut changed = pieces.to_vec();
    for piece in &mut changed {
        if let Data::Json(value) = &piece.data {
            piece.data = Data::Text(value.to_string().replace(from, to));
        }
    }
    changed
}

/// Calls `visit` with the path of every object, except those in [`FOREIGN`] fields.
pub(super) fn objects(
    value: &mut Value,
    path: &str,
    visit: &mut dyn FnMut(&str, &mut Map<String, Value>),
) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                if !FOREIGN.contains(&name.as_str()) {
                    objects(inner, &format!("{path}/{name}"), visit);
                }
            }
            visit(path, object);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| objects(item, &format!("{path}/*"), visit));
        }
        _ => {}
    }
}

/// Calls `visit` with every string and the name of its field.
pub(super) fn texts(value: &mut Value, name: &str, visit: &mut dyn FnMut(&str, &mut String)) {
    match value {
        Value::Object(object) => {
            object.iter_mut().for_each(|(name, inner)| texts(inner, &name.clone(), visit));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, name, visit)),
        Value::String(text) => visit(name, text),
        _ => {}
    }
}

/// Returns the longest string of a JSON document, which is its payload, or else the whole document.
pub(super) fn longest_text(data: &str) -> String {
    let mut longest = String::new();
    if let Ok(mut value) = serde_json::from_str::<Value>(data) {
        texts(&mut value, "", &mut |_, text| {
            if text.len() > longest.len() {
                longest = text.clone();
            }
        });
    }
    if longest.is_empty() { data.to_string() } else { longest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_round_trip() {
        let body = "event: a\ndata: {\"x\":1}\n\n: ping\n\ndata: [DONE]\n\n";
        let pieces = parse(Shape::Sse, body.as_bytes()).unwrap();
        assert_eq!(pieces.len(), 3);
        assert_eq!(print(Shape::Sse, &pieces, Style::default()), body.as_bytes());
        let crlf = Style { line_end: "\r\n", ..Style::default() };
        let again = print(Shape::Sse, &pieces, crlf);
        assert_eq!(parse(Shape::Sse, &again).unwrap(), pieces);
    }

    #[test]
    fn objects_of_tools_are_not_visited() {
        let mut value = serde_json::json!({"a": {"input": {"b": {}}, "c": [{}]}});
        let mut paths = Vec::new();
        objects(&mut value, "", &mut |path, _| paths.push(path.to_string()));
        assert_eq!(paths, ["/a/c/*", "/a", ""]);
    }
}
