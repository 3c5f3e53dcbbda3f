//! Packs: the bytes of the baseline, one file's after the other. Each copying thread has a pack.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Store;
use crate::entry::{Content, Hash, Storage};

const BUFFER: usize = 1 << 20;

/// A pack being written.
#[derive(Debug)]
pub(crate) struct PackWriter {
    number: u32,
    offset: u64,
    file: BufWriter<File>,
}

impl PackWriter {
    /// Appends bytes and returns where they are.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<Content> {
        let offset = self.offset;
        self.file.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(Content {
            size: bytes.len() as u64,
            hash: Hash::of(bytes),
            place: Storage::Pack { pack: self.number, offset },
        })
    }
}

/// Lends each pack to one thread at a time.
#[derive(Debug)]
pub(crate) struct PackPool<'a> {
    store: &'a Store,
    idle: Mutex<Vec<PackWriter>>,
    made: AtomicU32,
}

impl<'a> PackPool<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, idle: Mutex::new(Vec::new()), made: AtomicU32::new(0) }
    }

    /// Returns an idle pack, or a new one.
    pub(crate) fn take(&self) -> io::Result<PackWriter> {
        let idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        if let Some(pack) = idle {
            return Ok(pack);
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let file = File::create_new(self.store.pack_path(number))?;
        Ok(PackWriter { number, offset: 0, file: BufWriter::with_capacity(BUFFER, file) })
    }

    /// Returns a pack to the pool.
    pub(crate) fn put(&self, pack: PackWriter) {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(pack);
    }

    /// Flushes all packs.
    pub(crate) fn finish(self) -> io::Result<()> {
        let packs = self.idle.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        packs.into_iter().try_for_each(|mut pack| pack.file.flush())
    }
}
