//! The tool `search`.

use serde_json::{Value, json};

use super::{Definition, RunData, args, numbered};

const HITS_MAX: usize = 40;

pub(super) const DEFINITION: Definition = Definition {
    name: "search",
    description: "Finds lines that contain a text, ignoring case, in a file or in all files below a directory.",
    properties,
    run,
};

fn properties() -> Value {
    json!({
        "text": {"type": "string", "description": "literal text to search for"},
        "path": {"type": ["string", "null"], "description": "file or directory; null for the whole run"},
    })
}

fn run(data: RunData<'_>, args: &Value) -> Result<String, String> {
    let wanted = args::text(args, "text").ok_or("`text` is missing")?;
    let path = args::path(args, "path", &data.facts.run).unwrap_or_default();
    let hits = data.files.search(wanted, path, HITS_MAX).map_err(|error| error.to_string())?;
    if hits.is_empty() {
        return Ok(format!("no line contains {wanted:?}"));
    }
    let mut text: String =
        hits.iter().map(|hit| numbered(&hit.path, hit.line, &hit.text)).collect();
    if hits.len() == HITS_MAX {
        text.push_str("… there may be more matches\n");
    }
    Ok(text)
}
