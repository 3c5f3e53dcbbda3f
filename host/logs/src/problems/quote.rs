//! Fills in the quotes of evidence, with at most one pass over each file.

use std::collections::BTreeMap;

use super::{Evidence, Problem};
use crate::events::EVENTS_FILE;
use crate::files::{Checkpoint, RunFiles};
use crate::run::Run;

/// Characters of a quote.
const QUOTE_CHARS_MAX: usize = 300;

/// Replaces the needle of each piece of evidence by a verbatim part of the cited line. Evidence without a line is
/// searched for by its needle; evidence that is not found is dropped, never made up.
pub fn quote(problems: &mut [Problem], files: &RunFiles, run: &Run) {
    let mut by_file: BTreeMap<String, Vec<&mut Evidence>> = BTreeMap::new();
    for evidence in problems.iter_mut().flat_map(|problem| &mut problem.evidence) {
        by_file.entry(evidence.file.clone()).or_default().push(evidence);
    }
    for (file, mut cited) in by_file {
        for evidence in cited.iter_mut().filter(|evidence| evidence.line_start == 0) {
            let found = match evidence.quote.as_str() {
                "" => None,
                needle => files.find_line(&file, needle).ok().flatten(),
            };
            evidence.line_start = found.unwrap_or(0);
            evidence.line_end = evidence.line_start;
        }
        cited.sort_by_key(|evidence| evidence.line_start);
        let lines: Vec<u64> = cited.iter().map(|evidence| evidence.line_start).collect();
        let mut quoted = vec![false; cited.len()];
        let read = files.pick_lines(&file, &lines, checkpoints(run, &file), |number, line| {
            let first = cited.partition_point(|evidence| evidence.line_start < number);
            for (index, evidence) in cited.iter_mut().enumerate().skip(first) {
                if evidence.line_start != number {
                    break;
                }
                evidence.quote = excerpt(line, &evidence.quote);
                quoted[index] = true;
            }
        });
        // A file that cannot be read supports nothing.
        for (evidence, quoted) in cited.iter_mut().zip(quoted) {
            if !quoted || read.is_err() {
                evidence.quote.clear();
            }
        }
    }
    for problem in problems {
        problem.evidence.retain(|evidence| !evidence.quote.is_empty());
    }
}

/// Known line positions of a file, noted while the run was read.
fn checkpoints<'a>(run: &'a Run, file: &str) -> &'a [Checkpoint] {
    let attempts = run.turns.iter().flat_map(|turn| &turn.attempts);
    let mut events = attempts.filter_map(|attempt| {
        let is_events_file = file.strip_prefix(&attempt.path)?.strip_prefix('/')? == EVENTS_FILE;
        attempt.events.as_ref().filter(|_| is_events_file)
    });
    events.next().map_or(&[], |events| &events.checkpoints)
}

/// The part of a line from `needle` on, or the beginning of the line without it.
fn excerpt(line: &str, needle: &str) -> String {
    let from = if needle.is_empty() { None } else { line.find(needle) };
    let text: String = line[from.unwrap_or(0)..].chars().take(QUOTE_CHARS_MAX).collect();
    text.trim().to_string()
}
