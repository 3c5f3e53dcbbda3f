//! Texts of answers. Each answer and vote has a directory named by its time.

use std::path::Path;

use super::Source;
use crate::run::{AnswerText, Attempt};
use crate::similarity::Shape;

/// Maximum number of answers read per attempt.
const ANSWERS_MAX: usize = 2_000;

/// Answers are truncated to this size, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// Characters of an answer kept for display.
const OPENING_CHARS: usize = 600;

/// Reads the answers of every agent named in the attempt, ordered by agent and time.
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
        .filter(|id| is_file_name(id))
        .collect();
    agents.sort_unstable();
    agents.dedup();
    let mut found = Vec::new();
    for agent in agents {
        for (path, name) in timestamped(&source.dir.join(&agent)) {
            if found.len() >= ANSWERS_MAX {
                return found;
            }
            let file = format!("{agent}/{name}/answer.txt");
            let Some(text) = read_text(&path.join("answer.txt"), source, &file) else { continue };
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

/// Returns whether an id can be used as a single path component.
pub(super) fn is_file_name(id: &str) -> bool {
    !id.is_empty() && id != "." && id != ".." && !id.contains(['/', '\\', '\0'])
}

/// Returns the directories `YYYYMMDD_HHMMSS_ffffff` of an agent, by time.
pub(super) fn timestamped(agent: &Path) -> Vec<(std::path::PathBuf, String)> {
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

fn read_text(path: &Path, source: &mut Source<'_>, file: &str) -> Option<String> {
    use std::io::Read;
    // Symlinks are not followed: MassGen writes none here, and one could point anywhere.
    if !std::fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes)) {
        Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            source.complain(file, 0, format!("cannot be read: {error}"));
            None
        }
    }
}
