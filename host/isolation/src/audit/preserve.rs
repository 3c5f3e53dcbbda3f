//! Preserves files of the user that a command could destroy. Large files, and files beyond a total, are reported when
//! they change but can't be restored.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::snapshot::{Observed, Snapshot};
use crate::entry::{Content, Hash, Storage as Place};
use crate::path::RelPath;
use crate::store::Store;

/// Limits: the size of a file, and total size and number of files below one root.
const FILE_BYTES_MAX: u64 = 32 << 20;
const ALL_BYTES_MAX: u64 = 128 << 20;
const FILES_MAX: usize = 4_000;

/// Preserved content of files below one root.
pub(super) type Preserved = BTreeMap<RelPath, Content>;

/// Preserves the files of a snapshot that `wanted` selects, shallow paths first: `.env` before build output.
pub(super) fn preserve(
    store: &Store,
    root: &Path,
    snapshot: &Snapshot,
    wanted: &dyn Fn(&RelPath, &Observed) -> bool,
) -> Preserved {
    let mut files: Vec<(&RelPath, u64)> = snapshot
        .iter()
        .filter(|(path, seen)| wanted(path, seen))
        .filter_map(|(path, seen)| match seen {
            Observed::File { stamp, .. } if stamp.size <= FILE_BYTES_MAX => {
                Some((path, stamp.size))
            }
            _ => None,
        })
        .collect();
    files.sort_by_key(|(path, size)| (path.depth(), *size));
    let (mut preserved, mut bytes) = (Preserved::new(), 0);
    for (path, size) in files.into_iter().take(FILES_MAX) {
        bytes += size;
        if bytes > ALL_BYTES_MAX {
            break;
        }
        if let Some(content) = preserve_file(store, &root.join(path.as_path())) {
            preserved.insert(path.clone(), content);
        }
    }
    preserved
}

/// Preserves one file; `None` if it is too large or can't be read.
pub(super) fn preserve_file(store: &Store, path: &Path) -> Option<Content> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > FILE_BYTES_MAX {
        return None;
    }
    store.keep_file(&file).ok()
}

/// Returns the placeholder for content that was not preserved.
pub(super) fn not_preserved(size: u64) -> Content {
    Content { size, hash: Hash::UNREAD, place: Place::Loose }
}
