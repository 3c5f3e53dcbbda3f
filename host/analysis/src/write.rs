//! Writes reports atomically.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteReportError {
    /// The content is empty and would replace an existing report.
    #[error("the report for {0} is empty; nothing was written")]
    Empty(PathBuf),
    /// The path does not name a file.
    #[error("{0} is not a file path")]
    NotAFile(PathBuf),
    /// An I/O error.
    #[error("cannot write {path}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The I/O error.
        #[source]
        source: std::io::Error,
    },
}

/// Replaces a file atomically: readers see either the old or the new content.
pub fn replace(path: &Path, content: &str) -> Result<(), WriteReportError> {
    if content.trim().is_empty() {
        return Err(WriteReportError::Empty(path.to_path_buf()));
    }
    let dir = path.parent().ok_or_else(|| WriteReportError::NotAFile(path.to_path_buf()))?;
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let io = |source: std::io::Error| WriteReportError::Io { path: path.to_path_buf(), source };
    let mut file = tempfile::Builder::new().prefix(".massgen-").tempfile_in(dir).map_err(io)?;
    file.write_all(content.as_bytes()).map_err(io)?;
    make_readable(file.as_file()).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    // Without this, a power failure may lose the rename.
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}

/// Checks that files can be created in a directory, before anything is spent.
pub fn probe(dir: &Path) -> Result<(), WriteReportError> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let created = tempfile::Builder::new().prefix(".massgen-").tempfile_in(dir);
    created.map(drop).map_err(|source| WriteReportError::Io { path: dir.to_path_buf(), source })
}

/// Makes the file readable by all, like the logs beside it. Temporary files are private.
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_replaced_atomically_and_never_by_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("REPORT.md");
        replace(&path, "old").unwrap();
        assert!(matches!(replace(&path, " \n"), Err(WriteReportError::Empty(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        replace(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let missing = dir.path().join("nowhere/REPORT.md");
        assert!(matches!(replace(&missing, "x"), Err(WriteReportError::Io { .. })));
    }
}
