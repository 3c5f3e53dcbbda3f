//! Searches a run's files for a text.

use serde::Serialize;

use super::{ReadFileError, RunFiles};

/// Maximum number of files searched.
const FILES_MAX: usize = 5_000;

/// Larger files are not searched.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Number of characters shown before and after a hit.
const AROUND_CHARS: usize = 200;

/// A line that contains the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Path relative to the run's directory.
    pub path: String,
    /// Line number, from 1.
    pub line: u64,
    /// The text and its surroundings as in the line, redacted.
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
        // A missing or unreadable file does not end the search.
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

/// Returns the part of a line around a text, or `None` if the line does not contain it.
fn around(line: &str, needle: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let at = lower.find(needle)?;
    // Lower-casing can change byte lengths: count characters.
    let chars_before = lower[..at].chars().count();
    let first = chars_before.saturating_sub(AROUND_CHARS);
    let count = chars_before - first + needle.chars().count() + AROUND_CHARS;
    Some(line.chars().skip(first).take(count).collect())
}
