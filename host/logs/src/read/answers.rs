//! Texts of answers: one directory per answer and vote, named by its time.

use std::path::Path;

use super::Source;
use crate::run::{AnswerText, Attempt};
use crate::similarity::Shape;

/// Answers of one attempt that are looked at.
const ANSWERS_MAX: usize = 2_000;

/// Bytes of an answer that are looked at.
const BYTES_MAX: u64 = 1 << 20;

/// Characters of an answer that are kept to be shown.
const OPENING_CHARS: usize = 600;

/// The answers of every agent that the attempt names, each agent's in the order of their times.
pub(super) fn read(source: &mut Source<'_>, attempt: &Attempt) -> Vec<AnswerText> {
    let mut agents: Vec<String> = attempt
        .status
        .iter()
        .flat_map(|status| status.agents.keys().cloned())
        .chain(attempt.counters.agents.keys().cloned())
        .chain(attempt.metadata.models.keys().cloned())
        .chain(
            attempt.events.iter().flat_map(|events| events.agents.iter().map(ToString::to_string)),
        )
        .filter(|id| is_name(id))
        .collect();
    agents.sort_unstable();
    agents.dedup();
    let mut found = Vec::new();
    for agent in agents {
        for (path, name) in stamped(&source.dir.join(&agent)) {
            if found.len() >= ANSWERS_MAX {
                return found;
            }
            let file = format!("{agent}/{name}/answer.txt");
            let Some(text) = text(&path.join("answer.txt"), source, &file) else { continue };
            found.push(AnswerText {
                file: format!("{}/{file}", source.path),
                agent: agent.clone(),
                lines: text.lines().count().max(1) as u64,
                chars: text.chars().count() as u64,
                shape: Shape::of(&text),
                opening: text.chars().take(OPENING_CHARS).collect(),
            });
        }
    }
    found
}

/// A name that is one component of a path.
pub(super) fn is_name(id: &str) -> bool {
    !id.is_empty() && id != "." && id != ".." && !id.contains(['/', '\\', '\0'])
}

/// Directories `YYYYMMDD_HHMMSS_ffffff` below an agent's, by time.
pub(super) fn stamped(agent: &Path) -> Vec<(std::path::PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(agent) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)))
        .filter(|(_, name)| {
            name.len() >= 15 && name.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        })
        .collect();
    found.sort_unstable_by(|a, b| a.1.cmp(&b.1));
    found
}

fn text(path: &Path, source: &mut Source<'_>, name: &str) -> Option<String> {
    use std::io::Read;
    // A link could lead anywhere; MassGen writes none here.
    if !std::fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes)) {
        Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            source.complain(name, 0, format!("can't be read: {error}"));
            None
        }
    }
}
