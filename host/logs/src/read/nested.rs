//! Runs of subagents. Their logs are outside the run's directory, behind an absolute link that dangles on other
//! machines; copies are in the workspaces kept by MassGen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::answers::{is_file_name, timestamped};
use super::attempt_at;
use crate::diagnostic::Diagnostics;
use crate::locate::{self, AttemptDir};
use crate::run::{Attempt, NestedRun};

/// Maximum number of subagents read per attempt.
const NESTED_MAX: usize = 64;

pub(super) fn read(
    dir: &AttemptDir,
    attempt: &Attempt,
    depth: u8,
    diagnostics: &mut Diagnostics,
) -> Vec<NestedRun> {
    let spawned = attempt.events.iter().flat_map(|events| &events.spawned);
    let ids: BTreeSet<&str> = spawned
        .map(|(_, subagent)| subagent.id.as_str())
        .chain(attempt.subagents.iter().map(|subagent| subagent.id.as_str()))
        .filter(|id| is_file_name(id))
        .collect();
    ids.into_iter()
        .take(NESTED_MAX)
        .filter_map(|id| {
            let (path, below) = candidates(&dir.path, id).into_iter().find_map(attempt_in)?;
            let shown_path = format!("{}/{below}", attempt.path);
            let nested = AttemptDir { number: 1, path };
            Some(NestedRun {
                id: id.to_string(),
                attempt: Box::new(attempt_at(&nested, shown_path.clone(), depth + 1, diagnostics)),
                path: shown_path,
            })
        })
        .collect()
}

/// Returns possible directories of a subagent's logs in order of preference, each with its path relative to the
/// attempt.
fn candidates(attempt: &Path, id: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    if is_link_to_subagent_logs(attempt) {
        let below = format!("subagents/{id}/full_logs");
        found.push((attempt.join(&below), below));
    }
    for agent in directories(&attempt.join("final")) {
        found.push(copied_logs(attempt, &format!("final/{agent}"), id));
    }
    for agent in directories(attempt) {
        for (_, name) in timestamped(&attempt.join(&agent)).into_iter().rev() {
            found.push(copied_logs(attempt, &format!("{agent}/{name}"), id));
        }
    }
    found
}

/// Returns whether `subagents` resolves to a place where MassGen keeps logs of subagents. No other link is followed.
fn is_link_to_subagent_logs(attempt: &Path) -> bool {
    let Ok(real) = attempt.join("subagents").canonicalize() else { return false };
    real.starts_with(attempt)
        || real
            .components()
            .any(|part| part.as_os_str().to_string_lossy().ends_with("subagent_logs"))
}

fn copied_logs(attempt: &Path, below: &str, id: &str) -> (PathBuf, String) {
    let below = format!("{below}/workspace/subagents/{id}/workspace/.massgen/massgen_logs");
    (attempt.join(&below), below)
}

fn directories(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name != "final")
        .collect();
    names.sort_unstable();
    names
}

/// Returns the directory itself if it has the files of an attempt, or else the last attempt in it.
fn attempt_in((dir, below): (PathBuf, String)) -> Option<(PathBuf, String)> {
    if dir.join("events.jsonl").is_file() || dir.join("status.json").is_file() {
        return Some((dir, below));
    }
    let run = locate::newest(&dir).ok()??;
    let turn = run.turns.last()?;
    let attempt = turn.attempts.last()?;
    let below = format!("{below}/{}/turn_{}/attempt_{}", run.name, turn.number, attempt.number);
    Some((attempt.path.clone(), below))
}
