//! Runs of subagents: a run inside a run. Their logs lie outside of the run's directory, behind a link that
//! is absolute and dangles on another machine; copies lie in the workspaces that MassGen kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::answers::{is_name, stamped};
use super::attempt_at;
use crate::diagnostic::Diagnostics;
use crate::locate::{self, AttemptDir};
use crate::run::{Attempt, NestedRun};

/// Subagents of one attempt that are looked into.
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
        .filter(|id| is_name(id))
        .collect();
    ids.into_iter()
        .take(NESTED_MAX)
        .filter_map(|id| {
            let (path, below) = places(&dir.path, id).into_iter().find_map(attempt_in)?;
            let path_of = format!("{}/{below}", attempt.path);
            let nested = AttemptDir { number: 1, path };
            Some(NestedRun {
                id: id.to_string(),
                attempt: Box::new(attempt_at(&nested, path_of.clone(), depth + 1, diagnostics)),
                path: path_of,
            })
        })
        .collect()
}

/// Where the logs of a subagent may be, best first, each with its path below the attempt.
fn places(attempt: &Path, id: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    if behind_the_link(attempt) {
        let below = format!("subagents/{id}/full_logs");
        found.push((attempt.join(&below), below));
    }
    for agent in directories(&attempt.join("final")) {
        found.push(copy(attempt, &format!("final/{agent}"), id));
    }
    for agent in directories(attempt) {
        for (_, stamp) in stamped(&attempt.join(&agent)).into_iter().rev() {
            found.push(copy(attempt, &format!("{agent}/{stamp}"), id));
        }
    }
    found
}

/// The link is followed only to where MassGen keeps the logs of subagents.
fn behind_the_link(attempt: &Path) -> bool {
    let Ok(real) = attempt.join("subagents").canonicalize() else { return false };
    real.starts_with(attempt)
        || real
            .components()
            .any(|part| part.as_os_str().to_string_lossy().ends_with("subagent_logs"))
}

fn copy(attempt: &Path, below: &str, id: &str) -> (PathBuf, String) {
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

/// The last attempt in a directory of logs, or the directory itself where it holds an attempt's files.
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
