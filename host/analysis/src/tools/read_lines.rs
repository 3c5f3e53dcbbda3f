//! The tool `read_lines`.

use serde_json::{Value, json};

use super::{Definition, RESULT_BYTES_MAX, RunData, args, numbered};

const LINES_DEFAULT: u64 = 60;
const LINES_MAX: u64 = 400;

pub(super) const DEFINITION: Definition = Definition {
    name: "read_lines",
    description: "Reads lines of a file. Each is shown as file:line| content; very long lines are truncated.",
    properties,
    run,
};

fn properties() -> Value {
    json!({
        "path": {"type": "string", "description": "path of the file as shown by list_files"},
        "start": {"type": ["integer", "null"], "description": "first line, from 1"},
        "count": {"type": ["integer", "null"], "description": "number of lines, at most 400"},
    })
}

fn run(data: RunData<'_>, args: &Value) -> Result<String, String> {
    let path = args::path(args, "path", &data.facts.run).ok_or("`path` is missing")?;
    let start = args::number(args, "start").unwrap_or(1).max(1);
    let count = args::number(args, "count").unwrap_or(LINES_DEFAULT).clamp(1, LINES_MAX);
    let lines = data
        .files
        .read_lines(path, start, count as usize, RESULT_BYTES_MAX - 1024)
        .map_err(|error| format!("{error}; use list_files to see the files"))?;
    if lines.lines.is_empty() {
        return Err(format!(
            "`{path}` has only {} lines; line {start} does not exist",
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
