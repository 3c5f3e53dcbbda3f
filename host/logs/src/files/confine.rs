//! Opens files of a run. Neither paths nor links can leave the run's directory.

use std::fs::File;
use std::path::{Component, Path};

use super::ReadFileError;
use super::list::OWN_FILES;

/// Opens a path relative to the run. Links are followed as long as they stay within the run.
pub(super) fn open(root: &Path, path: &str) -> Result<File, ReadFileError> {
    let outside = || ReadFileError::Outside(path.to_string());
    let relative = Path::new(path);
    if path.contains('\0')
        || !relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
    {
        return Err(outside());
    }
    if relative
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| OWN_FILES.contains(&name))
    {
        return Err(ReadFileError::Missing(path.to_string()));
    }
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            ReadFileError::Missing(path.to_string())
        }
        _ => ReadFileError::Io { path: path.to_string(), source },
    };
    let real = root.join(relative).canonicalize().map_err(io)?;
    if !real.starts_with(root) {
        return Err(outside());
    }
    // Reading a FIFO or device could block or never end.
    if !std::fs::metadata(&real).map_err(io)?.is_file() {
        return Err(ReadFileError::NotAFile(path.to_string()));
    }
    File::open(&real).map_err(io)
}
