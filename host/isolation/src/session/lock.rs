//! Locks between processes. The kernel lets go of them when a process ends, however it ends.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

const TRIES: u32 = 20;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Somebody else holds it.
#[derive(Debug, thiserror::Error)]
pub enum Busy {
    /// Another process.
    #[error("it is in use by process {holder}")]
    Held {
        /// Its number, as it wrote it down.
        holder: String,
    },
    /// The lock's file can't be used.
    #[error("{path} can't be locked")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Lock {
    /// Takes a lock, or says who has it. A process that is just being started holds what its parent held
    /// until it is its own program; that moment is waited for.
    pub fn take(path: &Path) -> Result<Self, Busy> {
        for _ in 0..TRIES {
            match Self::with(path, FlockOperation::NonBlockingLockExclusive) {
                Err(Busy::Held { .. }) => std::thread::sleep(PAUSE),
                other => return other,
            }
        }
        Self::with(path, FlockOperation::NonBlockingLockExclusive)
    }

    /// Takes a lock, waiting for whoever has it.
    pub fn wait(path: &Path) -> Result<Self, Busy> {
        Self::with(path, FlockOperation::LockExclusive)
    }

    fn with(path: &Path, operation: FlockOperation) -> Result<Self, Busy> {
        let io = |source| Busy::Io { path: path.to_path_buf(), source };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        loop {
            match rustix::fs::flock(&file, operation) {
                Ok(()) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    let mut holder = String::new();
                    _ = file.read_to_string(&mut holder);
                    return Err(Busy::Held { holder: known(&holder) });
                }
                Err(errno) => return Err(io(errno.into())),
            }
        }
        // Who holds it is for messages only: a full disk must not keep anybody from putting things in order.
        _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// A holder that could not write itself down is not named.
fn known(holder: &str) -> String {
    match holder.trim() {
        "" => "(unknown)".to_string(),
        holder => holder.to_string(),
    }
}
