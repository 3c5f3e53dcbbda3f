//! The tool `list_files`.

use serde_json::{Value, json};

use super::{Definition, RunData, args};

const FILES_MAX: usize = 300;

pub(super) const DEFINITION: Definition = Definition {
    name: "list_files",
    description: "Lists the run's files with their sizes: those below a path, or all of them if the path is null.",
    properties,
    run,
};

fn properties() -> Value {
    json!({"path": {"type": ["string", "null"], "description": "directory within the run, e.g. turn_1/attempt_1"}})
}

fn run(data: RunData<'_>, args: &Value) -> Result<String, String> {
    let prefix = args::path(args, "path", &data.facts.run).unwrap_or_default();
    let (mut entries, mut more) =
        data.files.list(prefix, FILES_MAX).map_err(|error| error.to_string())?;
    if entries.is_empty() && !prefix.is_empty() {
        // The full list helps the model to correct a wrong path.
        (entries, more) = data.files.list("", FILES_MAX).map_err(|error| error.to_string())?;
        let all = lines(&entries, more);
        return Ok(format!("no files below `{prefix}`; the run contains:\n{all}"));
    }
    Ok(lines(&entries, more))
}

fn lines(entries: &[massgen_logs::files::FileEntry], more: bool) -> String {
    let mut text: String =
        entries.iter().map(|entry| format!("{} ({} bytes)\n", entry.path, entry.bytes)).collect();
    if more {
        text.push_str("… more files: set path\n");
    }
    text
}
