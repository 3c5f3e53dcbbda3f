//! `list_files`

use serde_json::{Value, json};

use super::{Definition, Sight, args};

const FILES_MAX: usize = 300;

pub(super) const DEFINITION: Definition = Definition {
    name: "list_files",
    description: "Lists the run's files with their sizes. Give a path to list what is below it, or null for all.",
    properties,
    run,
};

fn properties() -> Value {
    json!({"path": {"type": ["string", "null"], "description": "directory below the run, e.g. turn_1/attempt_1"}})
}

fn run(sight: Sight<'_>, args: &Value) -> Result<String, String> {
    let prefix = args::path(args, "path", &sight.facts.run).unwrap_or_default();
    let (mut entries, mut more) =
        sight.files.list(prefix, FILES_MAX).map_err(|error| error.to_string())?;
    if entries.is_empty() && !prefix.is_empty() {
        // A path that is not there is answered with what is.
        (entries, more) = sight.files.list("", FILES_MAX).map_err(|error| error.to_string())?;
        let all = lines(&entries, more);
        return Ok(format!("nothing is below `{prefix}`; the run holds:\n{all}"));
    }
    Ok(lines(&entries, more))
}

fn lines(entries: &[massgen_logs::files::FileEntry], more: bool) -> String {
    let mut text: String =
        entries.iter().map(|entry| format!("{} ({} bytes)\n", entry.path, entry.bytes)).collect();
    if more {
        text.push_str("… and more: give a path\n");
    }
    text
}
