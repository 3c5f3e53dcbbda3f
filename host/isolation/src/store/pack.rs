//! Packs: the baseline's bytes, appended one after the other. One pack for each thread that copies.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Store;
use crate::entry::{Content, Hash, Storage};

const BUFFER: usize = 1 << 20;

/// A pack that is being written.
#[derive(Debug)]
pub(crate) struct PackWriter {
    number: u32,
    offset: u64,
    file: BufWriter<File>,
}

impl PackWriter {
    /// Appends bytes.
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

/// Hands a pack to whoever copies at the moment.
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

    /// A pack of one's own until it is given back.
    pub(crate) fn take(&self) -> io::Result<PackWriter> {
        let idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        if let Some(pack) = idle {
            return Ok(pack);
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let file = File::create_new(self.store.pack_path(number))?;
        Ok(PackWriter { number, offset: 0, file: BufWriter::with_capacity(BUFFER, file) })
    }

    /// Gives a pack back.
    pub(crate) fn put(&self, pack: PackWriter) {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(pack);
    }

    /// Writes out what is still in memory.
    pub(crate) fn finish(self) -> io::Result<()> {
        let packs = self.idle.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        packs.into_iter().try_for_each(|mut pack| pack.file.flush())
    }
}
