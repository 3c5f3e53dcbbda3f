//! A cache of compiled components. A compiled file is native code: only files that this program wrote are loaded,
//! and only after their authentication tag was checked.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

const KEY_BYTES: usize = 32;

/// The cache of one engine.
#[derive(Debug)]
pub(super) struct Cache {
    /// `…/aot/<compatibility hash>`; the hash covers wasmtime's version, its flags and the processor.
    dir: PathBuf,
    key_file: PathBuf,
}

impl Cache {
    pub(super) fn new(base: &Path, engine: &Engine) -> Self {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self {
            dir: base.join("aot").join(format!("{:016x}", hasher.finish())),
            key_file: base.join("aot/key"),
        }
    }

    /// Returns the compiled form of a component, if this program has written one.
    pub(super) fn load(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        self.is_private().then_some(())?;
        let key = self.key(false)?;
        let path = self.path(component);
        let bytes = fs::read(&path).ok()?;
        let tag = fs::read(path.with_extension("tag")).ok()?;
        (tag == blake3::keyed_hash(&key, &bytes).as_bytes()).then_some(())?;
        deserialize(engine, &bytes)
    }

    /// Stores a compiled component. Failures are ignored: they only cost time at the next start.
    pub(super) fn store(&self, component: &[u8], compiled: &Component) {
        _ = self.try_store(component, compiled);
    }

    fn try_store(&self, component: &[u8], compiled: &Component) -> Option<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).ok()?;
        self.is_private().then_some(())?;
        let key = self.key(true)?;
        let bytes = compiled.serialize().ok()?;
        let path = self.path(component);
        write_atomically(&path.with_extension("tag"), blake3::keyed_hash(&key, &bytes).as_bytes())?;
        write_atomically(&path, &bytes)
    }

    fn path(&self, component: &[u8]) -> PathBuf {
        self.dir.join(format!("{}.cwasm", blake3::hash(component).to_hex()))
    }

    /// Whether only this user can write the directory and its parent.
    fn is_private(&self) -> bool {
        let me = rustix::process::geteuid().as_raw();
        let dirs = [Some(self.dir.as_path()), self.dir.parent()];
        dirs.into_iter().flatten().all(|dir| {
            fs::symlink_metadata(dir).is_ok_and(|meta| {
                meta.is_dir() && meta.uid() == me && meta.permissions().mode() & 0o022 == 0
            })
        })
    }

    /// Returns the key of the tags. It is specific to the machine, so that a copied cache is not trusted.
    fn key(&self, create: bool) -> Option<[u8; KEY_BYTES]> {
        if let Ok(bytes) = fs::read(&self.key_file) {
            return bytes.try_into().ok();
        }
        create.then_some(())?;
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).ok()?;
        // The first process creates the key; the others read it.
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.key_file)
            .ok()?;
        file.write_all(&key).ok()?;
        file.sync_all().ok()?;
        Some(key)
    }
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Option<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent()?).ok()?;
    file.write_all(bytes).ok()?;
    file.as_file().sync_all().ok()?;
    file.persist(path).ok()?;
    Some(())
}

#[expect(
    unsafe_code,
    reason = "wasmtime trusts compiled code; decision 3 explains why this file can be trusted"
)]
fn deserialize(engine: &Engine, bytes: &[u8]) -> Option<Component> {
    // SAFETY: the bytes come from `Component::serialize` of this program: they were read from a directory that only
    // this user can write, and their tag was made with a key that only this user can read. wasmtime itself checks
    // that version, flags and processor match.
    unsafe { Component::deserialize(engine, bytes) }.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_files_are_not_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let cache = Cache::new(dir.path(), &engine);
        // An empty component: magic number, version 13, layer 1.
        let source = b"\0asm\x0d\0\x01\0";
        let compiled = Component::new(&engine, source).unwrap();
        assert!(cache.load(&engine, source).is_none());
        cache.store(source, &compiled);
        assert!(cache.load(&engine, source).is_some());

        let path = cache.path(source);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(cache.load(&engine, source).is_none(), "a changed byte");
        cache.store(source, &compiled);
        assert!(cache.load(&engine, source).is_some());
        fs::set_permissions(&cache.dir, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(cache.load(&engine, source).is_none(), "a directory that others can write");
    }
}
