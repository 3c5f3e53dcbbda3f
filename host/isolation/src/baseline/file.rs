//! The baseline's file: a magic line, the hash of the rest, and the entries.

use std::path::{Path, PathBuf};

use super::Baseline;
use crate::atomic_write::{self, Durability};

const MAGIC: &[u8] = b"massgen-base-01\n";

/// Why a baseline cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file system reported an error.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is damaged, truncated or of another version.
    #[error("{path} is damaged, or was written by another version of this program")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Saves a baseline atomically.
pub fn save(baseline: &Baseline, path: &Path) -> Result<(), LoadError> {
    let io = |source| LoadError::Io { path: path.to_path_buf(), source };
    let body = postcard::to_stdvec(baseline)
        .map_err(|_| LoadError::Damaged { path: path.to_path_buf() })?;
    let bytes = [MAGIC, blake3::hash(&body).as_bytes(), body.as_slice()].concat();
    atomic_write::write(path, &bytes, Durability::Synced).map_err(io)
}

/// Loads a baseline and verifies its hash.
pub fn load(path: &Path) -> Result<Baseline, LoadError> {
    let damaged = || LoadError::Damaged { path: path.to_path_buf() };
    let bytes =
        std::fs::read(path).map_err(|source| LoadError::Io { path: path.to_path_buf(), source })?;
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
    let (hash, body) = rest.split_at_checked(32).ok_or_else(damaged)?;
    if blake3::hash(body).as_bytes() != hash {
        return Err(damaged());
    }
    postcard::from_bytes(body).map_err(|_| damaged())
}
