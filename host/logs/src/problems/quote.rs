//! Fills in what stands at the cited lines: at most one pass over each file.

use std::collections::BTreeMap;

use super::{Evidence, Problem};
use crate::events::EVENTS_FILE;
use crate::files::{Checkpoint, RunFiles};
use crate::run::Run;

/// Characters of a quote.
const QUOTE_CHARS_MAX: usize = 300;

/// Replaces each piece of evidence's needle by a verbatim part of the line that it cites. Evidence
/// without a line is looked for by its needle; what can't be found is dropped, never made up.
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
        let wanted: Vec<u64> = cited.iter().map(|evidence| evidence.line_start).collect();
        let mut quoted = vec![false; cited.len()];
        // A file that can't be read leaves its evidence unfound.
        let read = files.pick_lines(&file, &wanted, checkpoints(run, &file), |number, line| {
            let first = cited.partition_point(|evidence| evidence.line_start < number);
            for (at, evidence) in cited.iter_mut().enumerate().skip(first) {
                if evidence.line_start != number {
                    break;
                }
                evidence.quote = part(line, &evidence.quote);
                quoted[at] = true;
            }
        });
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

/// Where lines of a file begin, as far as reading the run left it known.
fn checkpoints<'a>(run: &'a Run, file: &str) -> &'a [Checkpoint] {
    let attempts = run.turns.iter().flat_map(|turn| &turn.attempts);
    let mut events = attempts.filter_map(|attempt| {
        let of_attempt = file.strip_prefix(&attempt.path)?.strip_prefix('/')? == EVENTS_FILE;
        attempt.events.as_ref().filter(|_| of_attempt)
    });
    events.next().map_or(&[], |events| &events.checkpoints)
}

/// The part of a line that begins at `needle`, or at its start.
fn part(line: &str, needle: &str) -> String {
    let from = if needle.is_empty() { None } else { line.find(needle) };
    let text: String = line[from.unwrap_or(0)..].chars().take(QUOTE_CHARS_MAX).collect();
    text.trim().to_string()
}
