//! Reads a run's files. Never fails on content: what can't be read becomes a diagnostic, and memory
//! does not grow with the size of `events.jsonl`'s texts.

mod answers;
mod ballast;
mod coordination;
mod counters;
mod json;
mod metadata;
mod nested;
mod places;
mod salvage;
mod status;
mod text_log;

use std::path::Path;

use crate::diagnostic::Diagnostics;
use crate::locate::{AttemptDir, RunDir};
use crate::run::{Attempt, Run, Turn};

/// Reads a run up to and including turn `turn` (none: all turns). Earlier turns are needed because
/// MassGen's counters run on.
pub fn read(dir: &RunDir, turn: Option<u32>) -> Run {
    let mut diagnostics = Diagnostics::default();
    let turns = dir
        .turns
        .iter()
        .filter(|dir| turn.is_none_or(|last| dir.number <= last))
        .map(|dir| Turn {
            number: dir.number,
            attempts: dir
                .attempts
                .iter()
                .map(|a| read_attempt(dir.number, a, &mut diagnostics))
                .collect(),
        })
        .collect();
    if dir.turns.is_empty() {
        diagnostics.add("", 0, "the run holds no turn_N/attempt_M");
    }
    Run {
        name: dir.name.clone(),
        turns,
        turn_numbers: dir.turns.iter().map(|turn| turn.number).collect(),
        diagnostics: diagnostics.into_vec(),
    }
}

/// Subagents start subagents; deeper than this nobody looks.
const DEPTH_MAX: u8 = 3;

fn read_attempt(turn: u32, dir: &AttemptDir, diagnostics: &mut Diagnostics) -> Attempt {
    let path = format!("turn_{turn}/attempt_{}", dir.number);
    attempt_at(dir, path, 0, diagnostics)
}

fn attempt_at(dir: &AttemptDir, path: String, depth: u8, diagnostics: &mut Diagnostics) -> Attempt {
    let mut source = Source { dir: &dir.path, path: &path, diagnostics };
    let status_json = source.json("status.json");
    let metrics_json = source.json("metrics_summary.json");
    let events = crate::events::read(&mut source);
    let counters = counters::counters(metrics_json.as_ref(), status_json.as_ref());
    let mut attempt = Attempt {
        number: dir.number,
        metadata: metadata::read(&mut source),
        has_metrics: metrics_json.as_ref().is_some_and(|document| document.whole),
        subagents: metrics_json.as_ref().map(counters::subagents).unwrap_or_default(),
        status: status_json.map(status::status),
        counters,
        coordination: coordination::read(&mut source),
        log: text_log::read(&mut source),
        final_answers: final_answers(&dir.path),
        answer_texts: Vec::new(),
        nested: Vec::new(),
        ballast: ballast::read(&dir.path),
        events,
        path: String::new(),
    };
    attempt.answer_texts = answers::read(&mut source, &attempt);
    attempt.path = path;
    if depth < DEPTH_MAX {
        attempt.nested = nested::read(dir, &attempt, depth, diagnostics);
    }
    attempt
}

/// Agents whose directory below `final/` holds an answer that is not empty.
fn final_answers(attempt: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(attempt.join("final")) else { return Vec::new() };
    let mut agents: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            std::fs::metadata(entry.path().join("answer.txt")).is_ok_and(|meta| meta.len() > 0)
        })
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    agents.sort_unstable();
    agents
}

/// Where an attempt's files are, and where complaints about them go.
pub(crate) struct Source<'a> {
    pub(crate) dir: &'a Path,
    /// Path of the attempt below the run.
    pub(crate) path: &'a str,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Source<'_> {
    pub(crate) fn complain(&mut self, file: &str, line: u64, message: impl Into<String>) {
        let file = format!("{}/{file}", self.path);
        self.diagnostics.add(&file, line, message);
    }

    /// Opens a file; a missing one is none without a word, since every file is missing in some run.
    pub(crate) fn open(&mut self, file: &str) -> Option<std::fs::File> {
        let path = self.dir.join(file);
        let opened = match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => std::fs::File::open(&path),
            Ok(_) => Err(std::io::Error::other("it is not a regular file")),
            Err(error) => Err(error),
        };
        match opened {
            Ok(opened) => Some(opened),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                self.complain(file, 0, format!("can't be opened: {error}"));
                None
            }
        }
    }
}
