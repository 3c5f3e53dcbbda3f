//! Reads a run's files. Never fails on content: unreadable content becomes a diagnostic. Memory does not grow with
//! the length of the texts in `events.jsonl`.

mod answers;
mod ballast;
mod coordination;
mod counters;
mod json;
mod member_lines;
mod metadata;
mod nested;
mod salvage;
mod status;
mod text_log;

use std::path::Path;

use crate::diagnostic::Diagnostics;
use crate::locate::{AttemptDir, RunDir};
use crate::run::{Attempt, Run, Turn};

/// Reads a run up to and including turn `turn`, or all turns. Earlier turns are needed because MassGen's counters are
/// cumulative.
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
        diagnostics.add("", 0, "the run has no turn_N/attempt_M directory");
    }
    Run {
        name: dir.name.clone(),
        turns,
        turn_numbers: dir.turns.iter().map(|turn| turn.number).collect(),
        diagnostics: diagnostics.into_vec(),
    }
}

/// Maximum depth of subagents read; subagents can start subagents.
const SUBAGENT_DEPTH_MAX: u8 = 3;

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
    if depth < SUBAGENT_DEPTH_MAX {
        attempt.nested = nested::read(dir, &attempt, depth, diagnostics);
    }
    attempt
}

/// Returns the agents with a non-empty answer in `final/`.
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

/// The directory of an attempt, and the diagnostics of its files.
pub(crate) struct Source<'a> {
    pub(crate) dir: &'a Path,
    /// Path of the attempt relative to the run.
    pub(crate) path: &'a str,
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Source<'_> {
    /// Adds a diagnostic. `line` counts from 1; 0 is the whole file.
    pub(crate) fn complain(&mut self, file: &str, line: u64, message: impl Into<String>) {
        let file = format!("{}/{file}", self.path);
        self.diagnostics.add(&file, line, message);
    }

    /// Opens a regular file. A missing one is `None` without a diagnostic, because every file is missing in some run.
    pub(crate) fn open(&mut self, file: &str) -> Option<std::fs::File> {
        let path = self.dir.join(file);
        let opened = match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => std::fs::File::open(&path),
            Ok(_) => Err(std::io::Error::other("not a regular file")),
            Err(error) => Err(error),
        };
        match opened {
            Ok(opened) => Some(opened),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                self.complain(file, 0, format!("cannot be opened: {error}"));
                None
            }
        }
    }
}
