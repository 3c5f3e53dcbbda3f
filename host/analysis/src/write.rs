//! Puts a report where it belongs, whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteReportError {
    /// There is nothing to put in the old one's place.
    #[error("the report for {0} is empty; nothing was written")]
    Empty(PathBuf),
    /// The path has no directory.
    #[error("{0} is no path of a file")]
    NotAFile(PathBuf),
    /// The system refuses.
    #[error("{path} can't be written")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Replaces a file in one step: whoever reads it sees the old or the new one.
pub fn replace(path: &Path, content: &str) -> Result<(), WriteReportError> {
    if content.trim().is_empty() {
        return Err(WriteReportError::Empty(path.to_path_buf()));
    }
    let dir = path.parent().ok_or_else(|| WriteReportError::NotAFile(path.to_path_buf()))?;
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let io = |source: std::io::Error| WriteReportError::Io { path: path.to_path_buf(), source };
    let mut file = tempfile::Builder::new().prefix(".massgen-").tempfile_in(dir).map_err(io)?;
    file.write_all(content.as_bytes()).map_err(io)?;
    readable(file.as_file()).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    // Without this the new name may be lost with the power.
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}

/// Whether files can be made in a directory; known before anything is paid for.
pub fn probe(dir: &Path) -> Result<(), WriteReportError> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let made = tempfile::Builder::new().prefix(".massgen-").tempfile_in(dir);
    made.map(drop).map_err(|source| WriteReportError::Io { path: dir.to_path_buf(), source })
}

/// Temporary files are private; a report is as readable as the logs beside it.
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_replaced_whole_and_never_by_nothing() {
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
