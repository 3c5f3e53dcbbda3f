//! Finds runs and their turns and attempts on disk.

use std::path::{Path, PathBuf};

/// The part of a run that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole run.
    Run,
    /// A turn, by number.
    Turn(u32),
    /// An attempt: the numbers of its turn and of itself.
    Attempt(u32, u32),
}

/// The directory of a run, `log_…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    /// Absolute path, if it was opened by [`open`].
    pub root: PathBuf,
    /// Last component of the path.
    pub name: String,
    /// Turns, ordered by number.
    pub turns: Vec<TurnDir>,
}

/// The directory of a turn, `turn_N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnDir {
    /// Number, from 1.
    pub number: u32,
    /// Path of the directory.
    pub path: PathBuf,
    /// Attempts, ordered by number.
    pub attempts: Vec<AttemptDir>,
}

/// The directory of an attempt, `attempt_M`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptDir {
    /// Number, from 1.
    pub number: u32,
    /// Path of the directory.
    pub path: PathBuf,
}

/// An error of finding a run.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// The path does not exist or cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Path as given.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The directory is not a run, turn or attempt, and contains no run.
    #[error("{0} has no turn_N/attempt_M directory")]
    NotARun(PathBuf),
    /// The directory contains several runs.
    #[error("{path} contains {count} runs; specify one of them, for example {newest}")]
    Several {
        /// Absolute path.
        path: PathBuf,
        /// Number of runs.
        count: usize,
        /// Name of the newest run.
        newest: String,
    },
}

/// Finds the run for a path to a run, a turn or an attempt, or to a directory that contains exactly one run.
pub fn open(path: &Path) -> Result<(RunDir, Scope), LocateError> {
    let path = path
        .canonicalize()
        .map_err(|source| LocateError::Unreadable { path: path.to_path_buf(), source })?;
    let name = file_name(&path);
    if let Some(attempt) = number_after(&name, "attempt_")
        && let Some(turn_path) = path.parent()
        && let Some(turn) = number_after(&file_name(turn_path), "turn_")
        && let Some(root) = turn_path.parent()
    {
        return Ok((run_dir(root)?, Scope::Attempt(turn, attempt)));
    }
    if let Some(turn) = number_after(&name, "turn_")
        && let Some(root) = path.parent()
    {
        return Ok((run_dir(root)?, Scope::Turn(turn)));
    }
    let run = run_dir(&path)?;
    if !run.turns.is_empty() {
        return Ok((run, Scope::Run));
    }
    let mut runs = list(&path)?;
    match runs.len() {
        0 => Err(LocateError::NotARun(path)),
        1 => Ok((runs.remove(0), Scope::Run)),
        count => Err(LocateError::Several { path, count, newest: runs.remove(0).name }),
    }
}

/// Returns all runs in a base directory, newest first. A base directory that does not exist has none.
pub fn list(base: &Path) -> Result<Vec<RunDir>, LocateError> {
    names(base)?.into_iter().map(|name| run_dir(&base.join(name))).collect()
}

/// Returns the newest run in a base directory that has a turn.
pub fn newest(base: &Path) -> Result<Option<RunDir>, LocateError> {
    for name in names(base)? {
        let run = run_dir(&base.join(name))?;
        if !run.turns.is_empty() {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Returns the names of the runs in a base directory, newest first: names start with the time.
pub fn names(base: &Path) -> Result<Vec<String>, LocateError> {
    let entries = match std::fs::read_dir(base) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(LocateError::Unreadable { path: base.to_path_buf(), source }),
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with("log_"))
        .collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// Reads the turns and attempts of the run at `root`; it may have none.
pub fn run_dir(root: &Path) -> Result<RunDir, LocateError> {
    run_dir_by(root, |_| ())
}

/// Like [`run_dir`], but calls `before` with each directory before reading it.
pub(crate) fn run_dir_by(
    root: &Path,
    mut before: impl FnMut(&Path),
) -> Result<RunDir, LocateError> {
    let mut turns = Vec::new();
    before(root);
    for (number, path) in numbered_dirs(root, "turn_")? {
        before(&path);
        let attempts = numbered_dirs(&path, "attempt_")?
            .into_iter()
            .map(|(number, path)| AttemptDir { number, path })
            .collect();
        turns.push(TurnDir { number, path, attempts });
    }
    Ok(RunDir { root: root.to_path_buf(), name: file_name(root), turns })
}

/// Returns directories named `prefixN`, ordered by number: `turn_2` before `turn_10`.
fn numbered_dirs(dir: &Path, prefix: &str) -> Result<Vec<(u32, PathBuf)>, LocateError> {
    let entries = std::fs::read_dir(dir)
        .map_err(|source| LocateError::Unreadable { path: dir.to_path_buf(), source })?;
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| {
            Some((number_after(entry.file_name().to_str()?, prefix)?, entry.path()))
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

fn number_after(name: &str, prefix: &str) -> Option<u32> {
    name.strip_prefix(prefix)?.parse().ok()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> tempfile::TempDir {
        let base = tempfile::tempdir().unwrap();
        for dir in [
            "log_20260101_000000_000000/turn_1/attempt_1",
            "log_20260102_000000_000000/turn_10/attempt_2",
            "log_20260102_000000_000000/turn_2/attempt_10",
            "log_20260102_000000_000000/turn_2/attempt_9",
            "log_20260103_000000_000000",
            "other",
        ] {
            std::fs::create_dir_all(base.path().join(dir)).unwrap();
        }
        base
    }

    #[test]
    fn runs_are_newest_first_and_turns_in_numeric_order() {
        let base = base();
        let runs = list(base.path()).unwrap();
        assert_eq!(runs.len(), 3);
        let turns: Vec<_> = runs[1].turns.iter().map(|t| t.number).collect();
        assert_eq!(turns, [2, 10]);
        let attempts: Vec<_> = runs[1].turns[0].attempts.iter().map(|a| a.number).collect();
        assert_eq!(attempts, [9, 10]);
        assert_eq!(newest(base.path()).unwrap().unwrap().name, "log_20260102_000000_000000");
        assert!(list(&base.path().join("missing")).unwrap().is_empty());
    }

    #[test]
    fn every_level_of_a_run_is_recognised() {
        let base = base();
        let open = |path: &str| open(&base.path().join(path));
        let run = "log_20260102_000000_000000";
        assert_eq!(open(run).unwrap().1, Scope::Run);
        assert_eq!(open(&format!("{run}/turn_2")).unwrap().1, Scope::Turn(2));
        assert_eq!(open(&format!("{run}/turn_2/attempt_9")).unwrap().1, Scope::Attempt(2, 9));
        assert!(matches!(open("other"), Err(LocateError::NotARun(_))));
        assert!(matches!(open(""), Err(LocateError::Several { count: 3, .. })));
        assert!(matches!(open("nowhere"), Err(LocateError::Unreadable { .. })));
    }
}
