//! Snapshots of a tree from names and stamps. No file is opened.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::entry::{MODE_MASK, Stamp};
use crate::path::RelPath;

/// Maximum number of paths in a snapshot. Further paths are not compared.
const PATHS_MAX: usize = 4_000_000;

/// The observed state of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Observed {
    Dir {
        mode: u32,
    },
    File {
        mode: u32,
        stamp: Stamp,
    },
    Link {
        target: Vec<u8>,
    },
    /// A pipe, a socket or a device.
    Special {
        mode: u32,
    },
}

/// All paths below a root.
pub(super) type Snapshot = BTreeMap<RelPath, Observed>;

/// Observes everything below `root` except paths that `skip` selects.
pub(super) fn take(root: &Path, skip: &(dyn Fn(&RelPath) -> bool + Sync)) -> Snapshot {
    let all = Mutex::new(Vec::new());
    let walk = Walk { root, skip, all: &all };
    rayon::scope(|scope| walk.dir(scope, &RelPath::root()));
    all.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// Observes one path.
pub(super) fn observe(path: &Path) -> Option<Observed> {
    let meta = path.symlink_metadata().ok()?;
    let mode = meta.mode() & MODE_MASK;
    Some(if meta.is_dir() {
        Observed::Dir { mode }
    } else if meta.is_file() {
        Observed::File { mode, stamp: stamp(&meta) }
    } else if meta.is_symlink() {
        let target = std::fs::read_link(path).ok()?;
        Observed::Link { target: target.as_os_str().as_bytes().to_vec() }
    } else {
        Observed::Special { mode: meta.mode() }
    })
}

fn stamp(meta: &std::fs::Metadata) -> Stamp {
    let ns = |s: i64, ns: i64| s.saturating_mul(1_000_000_000).saturating_add(ns);
    Stamp {
        size: meta.len(),
        inode: meta.ino(),
        mtime_ns: ns(meta.mtime(), meta.mtime_nsec()),
        ctime_ns: ns(meta.ctime(), meta.ctime_nsec()),
    }
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    root: &'a Path,
    skip: &'a (dyn Fn(&RelPath) -> bool + Sync),
    all: &'a Mutex<Vec<(RelPath, Observed)>>,
}

impl<'a> Walk<'a> {
    fn dir<'s>(self, scope: &rayon::Scope<'s>, dir: &RelPath)
    where
        'a: 's,
    {
        let mut found = Vec::new();
        let listed = std::fs::read_dir(self.root.join(dir.as_path())).into_iter().flatten();
        for entry in listed.flatten() {
            let path = dir.join(entry.file_name().as_bytes());
            if (self.skip)(&path) {
                continue;
            }
            let Some(seen) = observe(&entry.path()) else { continue };
            if matches!(seen, Observed::Dir { .. }) {
                let below = path.clone();
                scope.spawn(move |scope| self.dir(scope, &below));
            }
            found.push((path, seen));
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < PATHS_MAX {
            all.append(&mut found);
        }
    }
}

/// Returns the paths at which two snapshots differ, with both observations.
pub(super) fn differences<'a>(
    before: &'a Snapshot,
    after: &'a Snapshot,
) -> Vec<(&'a RelPath, Option<&'a Observed>, Option<&'a Observed>)> {
    let changed = before.iter().filter_map(|(path, was)| {
        let now = after.get(path);
        (now != Some(was)).then_some((path, Some(was), now))
    });
    let new = after.iter().filter(|(path, _)| !before.contains_key(*path));
    changed.chain(new.map(|(path, now)| (path, None, Some(now)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_differences_between_snapshots() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        for name in ["same", "d/changed", "gone", "skipped"] {
            write(name, "1");
        }
        let skip = |path: &RelPath| path.as_bytes() == b"skipped";
        let before = take(dir.path(), &skip);
        write("d/changed", "22");
        write("d/new", "");
        write("skipped", "22");
        std::fs::remove_file(dir.path().join("gone")).unwrap();
        let after = take(dir.path(), &skip);
        let found: Vec<String> = differences(&before, &after)
            .into_iter()
            .map(|(path, was, now)| format!("{} {} {}", path.lossy(), was.is_some(), now.is_some()))
            .collect();
        assert_eq!(found, ["d/changed true true", "gone true false", "d/new false true"]);
    }
}
