//! Embeds the contracts, the SDKs and the sources of plugins, from which `massgen plugin new` creates plugins.

use std::fmt::Write as _;
use std::path::Path;

/// Folders and files, relative to the repository.
const EMBEDDED: &[&str] = &[
    "wit",
    "plugins/Cargo.toml",
    "plugins/Cargo.lock",
    "plugins/sdk",
    "plugins/strategy-sdk",
    "plugins/anthropic",
    "plugins/copy",
    "plugins/google",
    "plugins/openai",
    "plugins/templates",
    "plugins/worktree",
];

/// Writes the static `SOURCES`: paths relative to the repository, and contents.
pub(crate) fn embed(root: &Path, source: &mut String) {
    source.push_str(
        "/// Contracts, SDKs and plugins: path relative to the repository, and content.\npub static SOURCES: &[(&str, &str)] = &[\n",
    );
    let mut files = Vec::new();
    EMBEDDED.iter().for_each(|path| walk(root, path, &mut files));
    files.sort();
    for path in files {
        let full = root.join(&path).canonicalize().expect("the file was just listed");
        writeln!(source, "    ({path:?}, include_str!({:?})),", full.display().to_string())
            .expect("writing to a String never fails");
    }
    source.push_str("];\n");
}

fn walk(root: &Path, path: &str, files: &mut Vec<String>) {
    let full = root.join(path);
    if full.is_file() {
        if !path.ends_with(".wasm") {
            files.push(path.to_string());
        }
        return;
    }
    for entry in std::fs::read_dir(&full).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "target" && !name.starts_with('.') {
            walk(root, &format!("{path}/{name}"), files);
        }
    }
}
