//! A file of its own, named by the hash of its bytes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use super::StoreError;
use crate::entry::{Content, Hash, Place};

const CHUNK: usize = 1 << 20;

/// Writes bytes unless they are there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let io = |source| StoreError::Io { path: path.to_path_buf(), source };
    if path.metadata().is_ok_and(|meta| meta.len() == bytes.len() as u64) {
        return Ok(());
    }
    let temporary = temporary_beside(path);
    let result = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&temporary, path));
    if result.is_err() {
        _ = std::fs::remove_file(&temporary);
    }
    result.map_err(io)
}

/// Copies a file in, hashing on the way.
pub(super) fn write_from(dir: &Path, source: &File) -> Result<Content, StoreError> {
    let temporary = temporary_beside(&dir.join("incoming"));
    let io = |source| StoreError::Io { path: temporary.clone(), source };
    let copied = copy_hashing(source, &temporary);
    let result = copied.and_then(|(size, hash)| {
        std::fs::rename(&temporary, dir.join(hash.hex()))?;
        Ok(Content { size, hash, place: Place::Loose })
    });
    if result.is_err() {
        _ = std::fs::remove_file(&temporary);
    }
    result.map_err(io)
}

fn copy_hashing(mut source: &File, to: &Path) -> io::Result<(u64, Hash)> {
    let mut out = File::create(to)?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        let n = source.read(&mut chunk)?;
        if n == 0 {
            return Ok((size, Hash(*hasher.finalize().as_bytes())));
        }
        hasher.update(&chunk[..n]);
        out.write_all(&chunk[..n])?;
        size += n as u64;
    }
}

/// Two threads that keep the same bytes must not write the same file.
fn temporary_beside(path: &Path) -> std::path::PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{number}.tmp", std::process::id()))
}
