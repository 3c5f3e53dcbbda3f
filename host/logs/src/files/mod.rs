//! Access to a run's files for models and the evidence check: confined to the run's directory, limited in size, and
//! redacted.

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

/// An error of reading a file of a run.
#[derive(Debug, thiserror::Error)]
pub enum ReadFileError {
    /// The path is absolute, contains `..`, or resolves to a place outside the run.
    #[error("`{0}` is outside the run")]
    Outside(String),
    /// The file does not exist.
    #[error("`{0}` does not exist")]
    Missing(String),
    /// The path is a directory or another special file.
    #[error("`{0}` is not a regular file")]
    NotAFile(String),
    /// The operating system reports an error.
    #[error("cannot read `{path}`")]
    Io {
        /// Path as given.
        path: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// Read access to the files of one run.
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

    /// Lists files whose path starts with `prefix`, ordered by path, up to `limit`. Returns whether there are more.
    pub fn list(
        &self,
        prefix: &str,
        limit: usize,
    ) -> Result<(Vec<FileEntry>, bool), ReadFileError> {
        list::list(&self.root, prefix, limit)
    }

    /// Reads lines of a file from line `start` (from 1) up to whichever limit is reached first.
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

    /// Finds up to `limit` lines that contain a text, ignoring case, in files whose path starts with `prefix`.
    pub fn search(
        &self,
        text: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<Hit>, ReadFileError> {
        search::search(self, text, prefix, limit)
    }

    /// Calls `visit` with the number (from 1) and redacted text of each line until it returns false.
    pub fn each_line(
        &self,
        path: &str,
        visit: impl FnMut(u64, &str) -> bool,
    ) -> Result<(), ReadFileError> {
        let file = confine::open(&self.root, path)?;
        lines::each(file, path, &self.redactor, visit)
    }

    /// Calls `visit` with the number and redacted text of each wanted line. `wanted` holds sorted line numbers, from
    /// 1. `checkpoints` of the file, sorted and possibly empty, speed up the search for distant lines.
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

    /// Returns the number of the first line that contains `text` exactly.
    pub fn find_line(&self, path: &str, text: &str) -> Result<Option<u64>, ReadFileError> {
        let file = confine::open(&self.root, path)?;
        pick::find(file, path, text)
    }

    /// Returns the redactor applied to all lines.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
