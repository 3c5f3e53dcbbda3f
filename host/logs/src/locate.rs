//! Where runs are, and what turns and attempts they have.

use std::path::{Path, PathBuf};

/// Which part of a run a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The whole run.
    Run,
    /// One turn, by number.
    Turn(u32),
    /// One attempt: turn and attempt, by number.
    Attempt(u32, u32),
}

/// The directory of a run, `log_…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    /// Its path.
    pub root: PathBuf,
    /// Its last component.
    pub name: String,
    /// By number.
    pub turns: Vec<TurnDir>,
}

/// The directory of a turn, `turn_N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnDir {
    /// From 1.
    pub number: u32,
    /// Its path.
    pub path: PathBuf,
    /// By number.
    pub attempts: Vec<AttemptDir>,
}

/// The directory of an attempt, `attempt_M`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptDir {
    /// From 1.
    pub number: u32,
    /// Its path.
    pub path: PathBuf,
}

/// Why no run was found.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// There is nothing at the path, or it can't be entered.
    #[error("{path} can't be read")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The directory is no run, turn or attempt, and holds none.
    #[error("{0} holds no turn_N/attempt_M")]
    NotARun(PathBuf),
    /// The directory holds several runs.
    #[error("{path} holds {count} runs; name one of them, e.g. {newest}")]
    Several {
        /// The path.
        path: PathBuf,
        /// How many.
        count: usize,
        /// The newest one's name.
        newest: String,
    },
}

/// Finds the run that a path names: a run, a turn or an attempt directory, or a directory that holds
/// exactly one run.
pub fn open(path: &Path) -> Result<(RunDir, Scope), LocateError> {
    let path = path
        .canonicalize()
        .map_err(|source| LocateError::Unreadable { path: path.to_path_buf(), source })?;
    let name = file_name(&path);
    if let Some(attempt) = numbered(&name, "attempt_")
        && let Some(turn_path) = path.parent()
        && let Some(turn) = numbered(&file_name(turn_path), "turn_")
        && let Some(root) = turn_path.parent()
    {
        return Ok((run_dir(root)?, Scope::Attempt(turn, attempt)));
    }
    if let Some(turn) = numbered(&name, "turn_")
        && let Some(root) = path.parent()
    {
        return Ok((run_dir(root)?, Scope::Turn(turn)));
    }
    let run = run_dir(&path)?;
    if !run.turns.is_empty() {
        return Ok((run, Scope::Run));
    }
    let mut below = list(&path)?;
    match below.len() {
        0 => Err(LocateError::NotARun(path)),
        1 => Ok((below.remove(0), Scope::Run)),
        count => Err(LocateError::Several { path, count, newest: below.remove(0).name }),
    }
}

/// All runs of a base directory, newest first. A base that does not exist has none.
pub fn list(base: &Path) -> Result<Vec<RunDir>, LocateError> {
    names(base)?.into_iter().map(|name| run_dir(&base.join(name))).collect()
}

/// The newest run of a base directory that has a turn.
pub fn newest(base: &Path) -> Result<Option<RunDir>, LocateError> {
    for name in names(base)? {
        let run = run_dir(&base.join(name))?;
        if !run.turns.is_empty() {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Names of runs in a base directory, newest first: a run's name is its time.
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

/// The run at a directory, with whatever turns it has.
pub fn run_dir(root: &Path) -> Result<RunDir, LocateError> {
    run_dir_by(root, |_| ())
}

/// The same; `before` is told each directory before it is read.
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

/// Directories `prefixN`, by number: `turn_2` comes before `turn_10`.
fn numbered_dirs(dir: &Path, prefix: &str) -> Result<Vec<(u32, PathBuf)>, LocateError> {
    let entries = std::fs::read_dir(dir)
        .map_err(|source| LocateError::Unreadable { path: dir.to_path_buf(), source })?;
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((numbered(entry.file_name().to_str()?, prefix)?, entry.path())))
        .collect();
    found.sort_unstable();
    Ok(found)
}

fn numbered(name: &str, prefix: &str) -> Option<u32> {
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
    fn newest_first_and_natural_order() {
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
