//! Locks between processes. The kernel releases them when a process ends, for whatever reason.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

const RETRIES_MAX: u32 = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// A lock, released on drop.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The reason why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Busy {
    /// Another process holds it.
    #[error("it is in use by process {holder}")]
    Held {
        /// The process id that the holder wrote into the file, or `(unknown)`.
        holder: String,
    },
    /// The lock file could not be opened or locked.
    #[error("cannot lock {path}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl Lock {
    /// Takes a lock, or fails with the holder. Retries for about 100 ms: a process that is being started holds its parent's
    /// locks between `fork` and `exec`.
    pub fn take(path: &Path) -> Result<Self, Busy> {
        for _ in 0..RETRIES_MAX {
            match Self::try_take(path) {
                Err(Busy::Held { .. }) => thread::sleep(PAUSE),
                other => return other,
            }
        }
        Self::try_take(path)
    }

    fn try_take(path: &Path) -> Result<Self, Busy> {
        // Opened anew each time: the holder may have removed the file together with its directory.
        let mut file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self::held(file)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                _ = file.read_to_string(&mut holder);
                Err(Busy::Held { holder: known_holder(&holder) })
            }
            Err(TryLockError::Error(source)) => Err(failed(path, source)),
        }
    }

    /// Takes a lock, waiting for its holder.
    pub fn wait(path: &Path) -> Result<Self, Busy> {
        let file = open(path)?;
        loop {
            match file.lock() {
                Ok(()) => return Ok(Self::held(file)),
                Err(source) if source.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(failed(path, source)),
            }
        }
    }

    /// Records the holder. It is only used in messages, so a full disk must not make the lock fail.
    fn held(mut file: File) -> Self {
        _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        Self { _file: file }
    }
}

fn open(path: &Path) -> Result<File, Busy> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> Busy {
    Busy::Io { path: path.to_path_buf(), source }
}

/// Returns a placeholder for a holder that could not write its process id.
fn known_holder(holder: &str) -> String {
    match holder.trim() {
        "" => "(unknown)".to_string(),
        holder => holder.to_string(),
    }
}
