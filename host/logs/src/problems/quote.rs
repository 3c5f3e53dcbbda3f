//! Fills in what stands at the cited lines: one pass over each file.

use std::collections::BTreeMap;

use super::{Evidence, Problem};
use crate::files::RunFiles;

/// Characters of a quote.
const QUOTE_CHARS_MAX: usize = 300;

/// Replaces each piece of evidence's needle by a verbatim part of the line that it cites. Evidence
/// without a line is looked for by its needle; what can't be found is dropped, never made up.
pub fn quote(problems: &mut [Problem], files: &RunFiles) {
    let mut by_file: BTreeMap<String, Vec<&mut Evidence>> = BTreeMap::new();
    for evidence in problems.iter_mut().flat_map(|problem| &mut problem.evidence) {
        by_file.entry(evidence.file.clone()).or_default().push(evidence);
    }
    for (file, mut cited) in by_file {
        let mut open: Vec<bool> = vec![true; cited.len()];
        // A file that can't be read leaves its evidence unfound.
        let read = files.each_line(&file, |number, line| {
            for (evidence, open) in cited.iter_mut().zip(&mut open) {
                let here = evidence.line_start == number
                    || (evidence.line_start == 0
                        && !evidence.quote.is_empty()
                        && line.contains(&evidence.quote));
                if *open && here {
                    evidence.line_start = number;
                    evidence.line_end = number;
                    evidence.quote = part(line, &evidence.quote);
                    *open = false;
                }
            }
            open.iter().any(|open| *open)
        });
        for (evidence, open) in cited.iter_mut().zip(open) {
            if open || read.is_err() {
                evidence.quote.clear();
            }
        }
    }
    for problem in problems {
        problem.evidence.retain(|evidence| !evidence.quote.is_empty());
    }
}

/// The part of a line that begins at `needle`, or at its start.
fn part(line: &str, needle: &str) -> String {
    let from = if needle.is_empty() { None } else { line.find(needle) };
    let text: String = line[from.unwrap_or(0)..].chars().take(QUOTE_CHARS_MAX).collect();
    text.trim().to_string()
}
