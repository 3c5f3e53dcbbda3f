//! Reads lines within limits: a line of a log can be megabytes long.

use std::fs::File;
use std::io::{BufRead, BufReader};

use super::ReadFileError;
use crate::redact::Redactor;

/// Maximum characters of a line in [`Lines`]. A longer line ends with a note of how much is missing.
pub const LINE_CHARS_MAX: usize = 4_000;

/// Lines are truncated to this many bytes when read, also for the evidence check.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// A range of lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// Number of the first line, from 1.
    pub start: u64,
    /// The lines without newlines, redacted, and truncated to [`LINE_CHARS_MAX`] characters.
    pub lines: Vec<String>,
    /// Number of lines in the file.
    pub total_lines: u64,
    /// Whether a limit was reached before the last line.
    pub truncated: bool,
}

pub(super) fn read(
    file: File,
    path: &str,
    start: u64,
    max_lines: usize,
    max_bytes: usize,
    redactor: &Redactor,
) -> Result<Lines, ReadFileError> {
    let start = start.max(1);
    let mut found = Lines { start, lines: Vec::new(), total_lines: 0, truncated: false };
    let mut bytes = 0;
    each(file, path, redactor, |number, line| {
        found.total_lines = number;
        if number < start || found.truncated {
            return true;
        }
        let line = truncate(line);
        if found.lines.len() == max_lines
            || (bytes + line.len() > max_bytes && !found.lines.is_empty())
        {
            found.truncated = true;
            return true;
        }
        bytes += line.len();
        found.lines.push(line);
        true
    })?;
    Ok(found)
}

/// Truncates a line for display.
fn truncate(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS_MAX) {
        None => line.to_string(),
        Some((at, _)) => format!("{} […{} more bytes]", &line[..at], line.len() - at),
    }
}

pub(super) fn each(
    file: File,
    path: &str,
    redactor: &Redactor,
    mut visit: impl FnMut(u64, &str) -> bool,
) -> Result<(), ReadFileError> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut buffer = Vec::new();
    let mut number = 0;
    while next_line(&mut reader, &mut buffer)
        .map_err(|source| ReadFileError::Io { path: path.to_string(), source })?
    {
        number += 1;
        let text = String::from_utf8_lossy(&buffer);
        if !visit(number, &redactor.line(&text)) {
            break;
        }
    }
    Ok(())
}

/// Reads one line into `buffer`, without its newline and truncated to [`LINE_BYTES_MAX`] bytes. `BufRead::read_until`
/// has no limit. Returns false at the end of the file.
pub(crate) fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    buffer.clear();
    let mut any = false;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        any = true;
        let (take, done) = match memchr::memchr(b'\n', chunk) {
            Some(at) => (at, true),
            None => (chunk.len(), false),
        };
        let room = LINE_BYTES_MAX.saturating_sub(buffer.len());
        buffer.extend_from_slice(&chunk[..take.min(room)]);
        reader.consume(take + usize::from(done));
        if done {
            break;
        }
    }
    if buffer.last() == Some(&b'\r') {
        buffer.pop();
    }
    Ok(any)
}
