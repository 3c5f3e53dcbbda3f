//! Single lines out of a file that may be huge: what nobody asked for is stepped over without being decoded.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};

use super::ReadFileError;
use super::lines::{LINE_BYTES_MAX, next_line};
use crate::redact::Redactor;

/// Where a line begins, so that what stands before it need not be read to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// From 1.
    pub line: u64,
    /// Byte of the file.
    pub at: u64,
}

/// Hands the wanted lines, redacted, to `visit`. `wanted` is sorted; numbers count from 1. `checkpoints` are sorted,
/// and may be none.
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
    let mut next = 1;
    for number in wanted.iter().copied().filter(|number| *number > 0) {
        if number < next {
            continue;
        }
        let near = checkpoints.partition_point(|checkpoint| checkpoint.line <= number);
        if let Some(near) = checkpoints[..near].last().filter(|near| near.line > next) {
            reader.seek(SeekFrom::Start(near.at)).map_err(io)?;
            next = near.line;
        }
        if !skip(&mut reader, number - next).map_err(io)? {
            return Ok(());
        }
        if !next_line(&mut reader, &mut buffer).map_err(io)? {
            return Ok(());
        }
        next = number + 1;
        visit(number, &redactor.line(&String::from_utf8_lossy(&buffer)));
    }
    Ok(())
}

/// Steps over lines; false at the end of the file.
fn skip(reader: &mut impl BufRead, mut lines: u64) -> std::io::Result<bool> {
    while lines > 0 {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(false);
        }
        // Counting is many times as fast as walking from end to end: only the last chunk is walked.
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

/// The first line that holds a text, verbatim.
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
