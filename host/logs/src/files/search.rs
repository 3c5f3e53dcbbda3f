//! Looking for a text in a run's files.

use serde::Serialize;

use super::{ReadFileError, RunFiles};

/// Files that are searched, and bytes of each.
const FILES_MAX: usize = 5_000;
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Characters around a hit that are shown.
const AROUND_CHARS: usize = 200;

/// A line that contains the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Path below the run's directory.
    pub path: String,
    /// From 1.
    pub line: u64,
    /// The part of the line around the text, verbatim.
    pub text: String,
}

pub(super) fn search(
    files: &RunFiles,
    text: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<Hit>, ReadFileError> {
    let needle = text.to_lowercase();
    let mut hits = Vec::new();
    if needle.trim().is_empty() {
        return Ok(hits);
    }
    let (entries, _) = files.list(prefix, FILES_MAX)?;
    for entry in entries.iter().filter(|entry| entry.bytes <= FILE_BYTES_MAX) {
        if hits.len() >= limit {
            break;
        }
        // A file that vanished or can't be read does not end the search.
        let searched = files.each_line(&entry.path, |number, line| {
            if let Some(shown) = around(line, &needle) {
                hits.push(Hit { path: entry.path.clone(), line: number, text: shown });
            }
            hits.len() < limit
        });
        if matches!(searched, Err(ReadFileError::Outside(_))) {
            searched?;
        }
    }
    Ok(hits)
}

/// The part of a line around a text, if it is there.
fn around(line: &str, needle: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let at = lower.find(needle)?;
    // Lower-casing may change lengths: count characters, not bytes.
    let chars_before = lower[..at].chars().count();
    let first = chars_before.saturating_sub(AROUND_CHARS);
    let count = chars_before - first + needle.chars().count() + AROUND_CHARS;
    Some(line.chars().skip(first).take(count).collect())
}
