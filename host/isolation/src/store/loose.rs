//! Loose files: one file per content, named by its hash.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::StoreError;
use crate::atomic_write::{self, AtomicFile, Durability};
use crate::entry::{Content, Hash, Storage};

const CHUNK: usize = 1 << 20;

/// Writes bytes to `path` unless a file of that size is there. [`super::Store::sync`] makes it durable.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    if path.metadata().is_ok_and(|meta| meta.len() == bytes.len() as u64) {
        return Ok(());
    }
    atomic_write::write(path, bytes, Durability::Deferred)
        .map_err(|source| StoreError::Io { path: path.to_path_buf(), source })
}

/// Copies a file into `dir`, named by the hash of its bytes.
pub(super) fn write_from(dir: &Path, source: &File) -> Result<Content, StoreError> {
    let copy = || -> io::Result<Content> {
        let mut target = AtomicFile::create_in(dir)?;
        let (size, hash) = copy_hashing(source, target.as_file())?;
        target.commit(hash.hex().as_bytes(), Durability::Deferred)?;
        Ok(Content { size, hash, place: Storage::Loose })
    };
    copy().map_err(|source| StoreError::Io { path: dir.to_path_buf(), source })
}

fn copy_hashing(mut source: &File, target: &mut File) -> io::Result<(u64, Hash)> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        let n = source.read(&mut chunk)?;
        if n == 0 {
            return Ok((size, Hash(*hasher.finalize().as_bytes())));
        }
        hasher.update(&chunk[..n]);
        target.write_all(&chunk[..n])?;
        size += n as u64;
    }
}
