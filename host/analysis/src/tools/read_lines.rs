//! `read_lines`

use serde_json::{Value, json};

use super::{Definition, RESULT_BYTES_MAX, Sight, args, numbered};

const LINES_DEFAULT: u64 = 60;
const LINES_MAX: u64 = 400;

pub(super) const DEFINITION: Definition = Definition {
    name: "read_lines",
    description: "Reads lines of a file, each shown as file:line| content. Very long lines are cut.",
    properties,
    run,
};

fn properties() -> Value {
    json!({
        "path": {"type": "string", "description": "file as list_files shows it"},
        "start": {"type": ["integer", "null"], "description": "first line, from 1"},
        "count": {"type": ["integer", "null"], "description": "how many lines, at most 400"},
    })
}

fn run(sight: Sight<'_>, args: &Value) -> Result<String, String> {
    let path = args::path(args, "path", &sight.facts.run).ok_or("`path` is missing")?;
    let start = args::number(args, "start").unwrap_or(1).max(1);
    let count = args::number(args, "count").unwrap_or(LINES_DEFAULT).clamp(1, LINES_MAX);
    let lines = sight
        .files
        .read_lines(path, start, count as usize, RESULT_BYTES_MAX - 1024)
        .map_err(|error| format!("{error}; list_files shows what there is"))?;
    if lines.lines.is_empty() {
        return Err(format!(
            "`{path}` has {} lines; line {start} is beyond them",
            lines.total_lines
        ));
    }
    let mut text = String::new();
    for (offset, line) in lines.lines.iter().enumerate() {
        text.push_str(&numbered(path, lines.start + offset as u64, line));
    }
    text.push_str(&format!("({} lines in the file)", lines.total_lines));
    Ok(text)
}
