//! The files of a run as a model and the evidence check see them: confined to the run's directory,
//! bounded, and without secrets.

mod confine;
mod lines;
mod list;
mod pick;
mod search;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub(crate) use lines::next_line;
pub use lines::{LINE_CHARS_MAX, Lines};
pub use list::FileEntry;
pub use pick::Checkpoint;
pub use search::Hit;

use crate::redact::Redactor;

/// Why a file of a run can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFileError {
    /// The path is absolute, climbs out, or leads out through a link.
    #[error("`{0}` is not a path within the run")]
    Outside(String),
    /// There is no such file.
    #[error("`{0}` is not there")]
    Missing(String),
    /// It is a directory or something else that has no lines.
    #[error("`{0}` is not a file")]
    NotAFile(String),
    /// The system refuses.
    #[error("`{path}` can't be read")]
    Io {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Read access to one run.
#[derive(Debug, Clone)]
pub struct RunFiles {
    root: PathBuf,
    redactor: Redactor,
}

impl RunFiles {
    /// Opens the run at `root`.
    pub fn new(root: &Path, redactor: Redactor) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        Self { root, redactor }
    }

    /// Files below `prefix` (empty: all), by path; at most `limit`. The second value says whether there
    /// are more.
    pub fn list(
        &self,
        prefix: &str,
        limit: usize,
    ) -> Result<(Vec<FileEntry>, bool), ReadFileError> {
        list::list(&self.root, prefix, limit)
    }

    /// Lines of a file from `start` (counted from 1), as many as fit both limits.
    pub fn read_lines(
        &self,
        path: &str,
        start: u64,
        max_lines: usize,
        max_bytes: usize,
    ) -> Result<Lines, ReadFileError> {
        let file = confine::open(&self.root, path)?;
        lines::read(file, path, start, max_lines, max_bytes, &self.redactor)
    }

    /// Lines that contain a text, ignoring case, in files below `prefix`; at most `limit`.
    pub fn search(
        &self,
        text: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<Hit>, ReadFileError> {
        search::search(self, text, prefix, limit)
    }

    /// Hands each line of a file, redacted, to `visit` until it returns false. Line numbers count from 1.
    pub fn each_line(
        &self,
        path: &str,
        visit: impl FnMut(u64, &str) -> bool,
    ) -> Result<(), ReadFileError> {
        let file = confine::open(&self.root, path)?;
        lines::each(file, path, &self.redactor, visit)
    }

    /// Hands the wanted lines of a file, redacted, to `visit`; `wanted` is sorted, numbers count from 1. Lines that
    /// lie far apart are found faster by `checkpoints` of the file, in its order; none are needed.
    pub fn pick_lines(
        &self,
        path: &str,
        wanted: &[u64],
        checkpoints: &[Checkpoint],
        visit: impl FnMut(u64, &str),
    ) -> Result<(), ReadFileError> {
        let file = confine::open(&self.root, path)?;
        pick::pick(file, path, wanted, checkpoints, &self.redactor, visit)
    }

    /// The number of the first line that holds a text, verbatim.
    pub fn find_line(&self, path: &str, text: &str) -> Result<Option<u64>, ReadFileError> {
        let file = confine::open(&self.root, path)?;
        pick::find(file, path, text)
    }

    /// What takes the secrets out.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
