//! The list of a run's files.

use std::path::Path;

use serde::Serialize;

use super::ReadFileError;

/// Directories whose content says nothing about a run: the object stores of copied workspaces, and what
/// package tools fetch.
const SKIPPED: &[&str] = &[".git", "node_modules", "__pycache__", ".venv"];

/// What this program writes beside the logs. An earlier report is no evidence.
pub(super) const OWN_FILES: &[&str] =
    &["ANALYSIS_REPORT.md", "analysis.json", "analysis.html", "analysis.transcript.jsonl"];

/// Entries that are looked at before the list gives up; a hostile directory may hold millions.
const ENTRIES_MAX: usize = 200_000;

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Path below the run's directory, with `/`.
    pub path: String,
    /// Size.
    pub bytes: u64,
}

pub(super) fn list(
    root: &Path,
    prefix: &str,
    limit: usize,
) -> Result<(Vec<FileEntry>, bool), ReadFileError> {
    let prefix = prefix.trim_start_matches("./").trim_end_matches('/');
    if Path::new(prefix).is_absolute() || prefix.split('/').any(|part| part == "..") {
        return Err(ReadFileError::Outside(prefix.to_string()));
    }
    let mut found = Vec::new();
    let mut seen = 0;
    walk(root, "", prefix, limit, &mut found, &mut seen);
    let more = found.len() > limit || seen >= ENTRIES_MAX;
    found.truncate(limit);
    Ok((found, more))
}

/// Depth first in the order of names, so that a limit cuts the same way every time. Links are listed
/// nowhere: what they lead to is either in the run already or outside of it.
fn walk(
    dir: &Path,
    below: &str,
    prefix: &str,
    limit: usize,
    found: &mut Vec<FileEntry>,
    seen: &mut usize,
) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        *seen += 1;
        if found.len() > limit || *seen >= ENTRIES_MAX {
            return;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        let may_hold = path.starts_with(prefix) || prefix.starts_with(&format!("{path}/"));
        if kind.is_dir() && may_hold && !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &path, prefix, limit, found, seen);
        } else if kind.is_file() && path.starts_with(prefix) && !OWN_FILES.contains(&name.as_str())
        {
            let bytes = entry.metadata().map_or(0, |meta| meta.len());
            found.push(FileEntry { path, bytes });
        }
    }
}
