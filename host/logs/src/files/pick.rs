//! Reads single lines of a possibly huge file. Other lines are skipped without decoding.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use super::ReadFileError;
use super::lines::{LINE_BYTES_MAX, next_line};
use crate::redact::Redactor;

/// The start of a line, for seeking to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Line number, from 1.
    pub line: u64,
    /// Byte offset in the file.
    pub at: u64,
}

/// Calls `visit` with each wanted line; see [`RunFiles::pick_lines`](super::RunFiles::pick_lines).
pub(super) fn pick(
    file: File,
    path: &str,
    wanted: &[u64],
    checkpoints: &[Checkpoint],
    redactor: &Redactor,
    mut visit: impl FnMut(u64, &str),
) -> Result<(), ReadFileError> {
    let io = |source| ReadFileError::Io { path: path.to_string(), source };
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut buffer = Vec::new();
    let mut next_number = 1;
    for number in wanted.iter().copied().filter(|number| *number > 0) {
        if number < next_number {
            continue;
        }
        let near = checkpoints.partition_point(|checkpoint| checkpoint.line <= number);
        if let Some(near) = checkpoints[..near].last().filter(|near| near.line > next_number) {
            reader.seek(SeekFrom::Start(near.at)).map_err(io)?;
            next_number = near.line;
        }
        if !skip(&mut reader, number - next_number).map_err(io)? {
            return Ok(());
        }
        if !next_line(&mut reader, &mut buffer).map_err(io)? {
            return Ok(());
        }
        next_number = number + 1;
        visit(number, &redactor.line(&String::from_utf8_lossy(&buffer)));
    }
    Ok(())
}

/// Skips lines. Returns false at the end of the file.
fn skip(reader: &mut impl BufRead, mut lines: u64) -> std::io::Result<bool> {
    while lines > 0 {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(false);
        }
        // Counting newlines is many times as fast as visiting each: visit them in the last buffer only.
        let ends = memchr::memchr_iter(b'\n', chunk).count() as u64;
        let (ends, used) = if ends < lines {
            (ends, chunk.len())
        } else {
            let last = usize::try_from(lines - 1).unwrap_or(usize::MAX);
            let at = memchr::memchr_iter(b'\n', chunk).nth(last);
            (lines, at.map_or(chunk.len(), |at| at + 1))
        };
        lines -= ends;
        reader.consume(used);
    }
    Ok(true)
}

/// Returns the number of the first line that contains `text` exactly.
pub(super) fn find(file: File, path: &str, text: &str) -> Result<Option<u64>, ReadFileError> {
    let io = |source| ReadFileError::Io { path: path.to_string(), source };
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let finder = memchr::memmem::Finder::new(text.as_bytes());
    let mut buffer = Vec::with_capacity(LINE_BYTES_MAX.min(1 << 12));
    let mut number = 0;
    while next_line(&mut reader, &mut buffer).map_err(io)? {
        number += 1;
        if finder.find(&buffer).is_some() {
            return Ok(Some(number));
        }
    }
    Ok(None)
}
