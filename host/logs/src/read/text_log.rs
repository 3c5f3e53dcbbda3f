//! `massgen.log`, or `massgen_debug.log` of a debug run: the only record of calls to unknown tools, of failed
//! requests, and of runs that end without an answer.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::Source;
use super::metadata::NO_FINAL_NEWLINE;
use crate::files::next_line;
use crate::run::LogNotes;

/// Maximum number of messages kept, for failed requests and for exceptions each. All are counted.
const MESSAGES_MAX: usize = 20;
/// Messages are truncated to this length.
const MESSAGE_CHARS_MAX: usize = 300;

/// Text that marks a failed request, from MassGen's logs and the vendors' client libraries, whose messages MassGen
/// logs verbatim.
const API_ERRORS: &[&str] = &[
    "Streaming error",
    "Error code: ",
    "api_key client option must be set",
    "peer closed connection",
    "Connection error",
    "Request timed out",
];

pub(super) fn read(source: &mut Source<'_>) -> LogNotes {
    let mut notes = LogNotes::default();
    for name in ["massgen.log", "massgen_debug.log"] {
        let Some(file) = source.open(name) else { continue };
        notes.file = name.to_string();
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut buffer = Vec::new();
        let mut exceptions = Exceptions::default();
        let (mut number, mut first, mut last) = (0, None, None);
        loop {
            match next_line(&mut reader, &mut buffer) {
                Ok(true) => number += 1,
                Ok(false) => break,
                Err(error) => {
                    source.complain(name, number, format!("cannot be read: {error}"));
                    break;
                }
            }
            let line = String::from_utf8_lossy(&buffer);
            if let Some(second) = second_of_day(&line) {
                first.get_or_insert(second);
                last = Some(second);
            }
            note(&mut notes, number, &line);
            exceptions.add_line(&mut notes, number, &line);
        }
        if number > 0 && !ends_with_newline(reader.into_inner()) {
            source.complain(name, number, NO_FINAL_NEWLINE);
        }
        notes.lines = number;
        // The log has times without dates, and a run can pass midnight.
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        notes.span_ms = ((last + 86_400 - first) % 86_400) * 1000;
        break;
    }
    notes
}

fn ends_with_newline(mut file: File) -> bool {
    let mut last = [b'\n'];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last == *b"\n"
}

/// Extracts the facts from one line.
fn note(notes: &mut LogNotes, number: u64, line: &str) {
    if let Some(at) = line.find("Provider function calls detected: [") {
        for name in line[at..].split('\'').skip(1).step_by(2) {
            if name.starts_with("mcp__") || name.starts_with("custom_tool__") {
                notes.unknown_tools.push((name.to_string(), number));
            }
        }
    }
    if line.contains("Unable to provide coordinated answer") {
        notes.no_answer.get_or_insert(number);
    }
    notes.errors += u64::from(line.contains("| ERROR"));
    notes.warnings += u64::from(line.contains("| WARNING"));
    // Each failed request is logged once as a warning or error. Its streamed copies are not counted.
    let is_log_entry = line.contains("| ERROR") || line.contains("| WARNING");
    if is_log_entry && API_ERRORS.iter().any(|mark| line.contains(mark)) {
        notes.api_error_count += 1;
        if notes.api_errors.len() < MESSAGES_MAX {
            notes.api_errors.push((number, line.chars().take(MESSAGE_CHARS_MAX).collect()));
        }
    }
}

/// Finds stack traces: from their header line to the first line that is not indented.
#[derive(Default)]
struct Exceptions {
    /// Line of the header of the current stack trace.
    start: Option<u64>,
}

impl Exceptions {
    fn add_line(&mut self, notes: &mut LogNotes, number: u64, line: &str) {
        if line.trim_start().starts_with("Traceback (most recent call last)") {
            self.start = Some(number);
            return;
        }
        let Some(start) = self.start else { return };
        let plain = line.trim_start_matches(['│', '┃', '|', '>', ' ', '└', '\t', '·']);
        if plain.len() < line.len() || line.is_empty() {
            return;
        }
        self.start = None;
        // If a log entry follows, the trace was quoted in a message or truncated: it has no message line.
        let is_message = second_of_day(line).is_none();
        notes.exception_count += 1;
        if notes.exceptions.len() < MESSAGES_MAX {
            let message = if is_message { line } else { "" };
            notes.exceptions.push((start, message.chars().take(MESSAGE_CHARS_MAX).collect()));
        }
    }
}

/// Parses the time of a log entry, `HH:MM:SS | …`.
fn second_of_day(line: &str) -> Option<u64> {
    let bytes = line.as_bytes();
    if bytes.len() < 9 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let below = |at: usize, end: u64| {
        line.get(at..at + 2)?.parse().ok().filter(|number: &u64| *number < end)
    };
    Some(below(0, 24)? * 3600 + below(3, 60)? * 60 + below(6, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        assert_eq!(second_of_day("08:59:21 | INFO"), Some(32_361));
        for none in ["24:00:00 | x", "99:59:59 | x", "08:60:00 | x", "08:00:60 | x", "08:59:21"] {
            assert_eq!(second_of_day(none), None, "{none}");
        }
    }
}
