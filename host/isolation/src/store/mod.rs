//! The bytes of a session: packs for the baseline, loose files named by their hash for everything later.
//! Bytes never pass git's filters, so they are returned exactly as stored.

mod loose;
mod pack;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

pub(crate) use pack::{PackPool, PackWriter};

use crate::entry::{Content, Hash, Storage};

/// The store of one session.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// Why stored bytes cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system reported an error.
    #[error("cannot access {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The bytes do not match their hash.
    #[error("{path} was changed or damaged: its bytes do not match their hash")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Store {
    /// Returns the store in a session's directory.
    pub fn new(session_dir: &Path) -> Self {
        Self { dir: session_dir.join("store") }
    }

    /// Creates the store's directories.
    pub(crate) fn create(&self) -> Result<(), StoreError> {
        let dir = self.dir.join("loose");
        std::fs::create_dir_all(&dir).map_err(|source| StoreError::Io { path: dir, source })
    }

    /// Reads stored bytes and verifies their hash.
    pub fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError> {
        let path = self.path_of(content);
        let io = |source| StoreError::Io { path: path.clone(), source };
        let bytes = match content.place {
            Storage::Pack { offset, .. } => {
                let file = File::open(&path).map_err(io)?;
                // A damaged record must not cause an allocation larger than the file.
                let held = file.metadata().map_err(io)?.len();
                if offset.saturating_add(content.size) > held {
                    return Err(StoreError::Damaged { path });
                }
                let mut bytes = vec![0; usize::try_from(content.size).unwrap_or(usize::MAX)];
                file.read_exact_at(&mut bytes, offset).map_err(io)?;
                bytes
            }
            Storage::Loose | Storage::Workspace => {
                let mut bytes = Vec::new();
                File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(io)?;
                bytes
            }
        };
        if Hash::of(&bytes) == content.hash { Ok(bytes) } else { Err(StoreError::Damaged { path }) }
    }

    /// Stores bytes. They are durable only after [`Store::sync`].
    pub fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError> {
        let hash = Hash::of(bytes);
        loose::write(&self.loose_path(&hash), bytes)?;
        Ok(Content { size: bytes.len() as u64, hash, place: Storage::Loose })
    }

    /// Stores the bytes of a file of any size.
    pub(crate) fn keep_file(&self, source: &File) -> Result<Content, StoreError> {
        loose::write_from(&self.dir.join("loose"), source)
    }

    /// Writes bytes to a temporary file for use by another program. The caller removes it.
    pub(crate) fn beside(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.dir.join(format!("beside-{}", std::process::id()));
        std::fs::write(&path, bytes).map(|()| path)
    }

    /// Makes all stored bytes durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| StoreError::Io { path, source }
        };
        sync_all(&self.dir).map_err(io(&self.dir))
    }

    /// Returns the path of a pack.
    pub(crate) fn pack_path(&self, pack: u32) -> PathBuf {
        self.dir.join(format!("baseline-{pack}.pack"))
    }

    fn loose_path(&self, hash: &Hash) -> PathBuf {
        self.dir.join("loose").join(hash.hex())
    }

    fn path_of(&self, content: &Content) -> PathBuf {
        match content.place {
            Storage::Pack { pack, .. } => self.pack_path(pack),
            Storage::Loose | Storage::Workspace => self.loose_path(&content.hash),
        }
    }
}

/// Syncs the whole file system at once: there may be thousands of files.
#[cfg(target_os = "linux")]
fn sync_all(dir: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(dir)?)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_all(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}
