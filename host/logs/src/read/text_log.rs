//! `massgen.log` (or `massgen_debug.log` of a debug run): the only place that tells of calls to tools
//! that do not exist, of failed requests, and of an end without an answer.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::Source;
use crate::files::next_line;
use crate::run::LogNotes;

/// Failed requests whose text is kept.
const API_ERRORS_MAX: usize = 20;
const MESSAGE_CHARS_MAX: usize = 300;

/// What MassGen's clients print when a request fails. Taken from its logs and from the vendors' client
/// libraries, which it prints verbatim.
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
                    source.complain(name, number, format!("can't be read: {error}"));
                    break;
                }
            }
            let line = String::from_utf8_lossy(&buffer);
            if let Some(second) = second_of_day(&line) {
                first.get_or_insert(second);
                last = Some(second);
            }
            note(&mut notes, number, &line);
            exceptions.line(&mut notes, number, &line);
        }
        if number > 0 && !ends_with_a_line(reader.into_inner()) {
            source.complain(name, number, "has no end of line here: the file may be cut off");
        }
        // A run may pass midnight; the log has no date.
        notes.lines = number;
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        notes.span_ms = ((last + 86_400 - first) % 86_400) * 1000;
        break;
    }
    notes
}

/// MassGen writes whole lines.
fn ends_with_a_line(mut file: File) -> bool {
    let mut last = [b'\n'];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last == *b"\n"
}

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
    // Every failed request is printed once as a warning or error; the streamed copies would count twice.
    let is_own_line = line.contains("| ERROR") || line.contains("| WARNING");
    if is_own_line && API_ERRORS.iter().any(|sign| line.contains(sign)) {
        notes.api_error_count += 1;
        if notes.api_errors.len() < API_ERRORS_MAX {
            notes.api_errors.push((number, line.chars().take(MESSAGE_CHARS_MAX).collect()));
        }
    }
}

/// Finds printed stacks: they begin with a line of their own and end with the first line that is not
/// indented.
#[derive(Default)]
struct Exceptions {
    began: Option<u64>,
}

impl Exceptions {
    fn line(&mut self, notes: &mut LogNotes, number: u64, line: &str) {
        if line.trim_start().starts_with("Traceback (most recent call last)") {
            self.began = Some(number);
            return;
        }
        let Some(began) = self.began else { return };
        let plain = line.trim_start_matches(['│', '┃', '|', '>', ' ', '└', '\t', '·']);
        if plain.len() < line.len() || line.is_empty() {
            return;
        }
        self.began = None;
        // A log line means that the stack was a text within a message, or was cut.
        let is_message = second_of_day(line).is_none();
        notes.exception_count += 1;
        if notes.exceptions.len() < API_ERRORS_MAX {
            let words = if is_message { line } else { "" };
            notes.exceptions.push((began, words.chars().take(MESSAGE_CHARS_MAX).collect()));
        }
    }
}

/// `HH:MM:SS | …`
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
    fn a_time_is_one_of_a_day() {
        assert_eq!(second_of_day("08:59:21 | INFO"), Some(32_361));
        for none in ["24:00:00 | x", "99:59:59 | x", "08:60:00 | x", "08:00:60 | x", "08:59:21"] {
            assert_eq!(second_of_day(none), None, "{none}");
        }
    }
}
