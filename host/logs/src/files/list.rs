//! Lists a run's files.

use std::path::Path;

use serde::Serialize;

use super::ReadFileError;

/// Directories that are not records of a run: repositories and dependencies in copied workspaces.
const SKIPPED: &[&str] = &[".git", "node_modules", "__pycache__", ".venv"];

/// Files that this program writes into a run. Earlier reports are not evidence.
pub(super) const OWN_FILES: &[&str] =
    &["ANALYSIS_REPORT.md", "analysis.json", "analysis.html", "analysis.transcript.jsonl"];

/// Maximum number of directory entries examined; a hostile directory can have millions.
const ENTRIES_MAX: usize = 200_000;

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Path relative to the run's directory, with `/`.
    pub path: String,
    /// Size in bytes.
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
    let mut examined = 0;
    walk(root, "", prefix, limit, &mut found, &mut examined);
    let more = found.len() > limit || examined >= ENTRIES_MAX;
    found.truncate(limit);
    Ok((found, more))
}

/// Walks depth first in name order, so that a limit always truncates the same way. Links are not listed: their target
/// is either listed itself or outside the run.
fn walk(
    dir: &Path,
    below: &str,
    prefix: &str,
    limit: usize,
    found: &mut Vec<FileEntry>,
    examined: &mut usize,
) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        *examined += 1;
        if found.len() > limit || *examined >= ENTRIES_MAX {
            return;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let Ok(file_type) = entry.file_type() else { continue };
        let may_contain = path.starts_with(prefix) || prefix.starts_with(&format!("{path}/"));
        if file_type.is_dir() && may_contain && !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &path, prefix, limit, found, examined);
        } else if file_type.is_file()
            && path.starts_with(prefix)
            && !OWN_FILES.contains(&name.as_str())
        {
            let bytes = entry.metadata().map_or(0, |meta| meta.len());
            found.push(FileEntry { path, bytes });
        }
    }
}
