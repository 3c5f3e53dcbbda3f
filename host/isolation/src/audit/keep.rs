//! Keeps bytes of the user's that a command could destroy, within bounds: what is large, or there in
//! great numbers, is told when it changes and not kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::sight::{Seen, Sight};
use crate::entry::{Content, Hash, Storage as Place};
use crate::path::RelPath;
use crate::store::Store;

/// The largest file that is kept, and the most bytes and files of one place.
const FILE_BYTES_MAX: u64 = 32 << 20;
const ALL_BYTES_MAX: u64 = 128 << 20;
const FILES_MAX: usize = 4_000;

/// What was kept of one place.
pub(super) type Kept = BTreeMap<RelPath, Content>;

/// Keeps the files of a look that `wanted` names, the shallow ones first: `.env` before build output.
pub(super) fn keep(
    store: &Store,
    root: &Path,
    sight: &Sight,
    wanted: &dyn Fn(&RelPath, &Seen) -> bool,
) -> Kept {
    let mut files: Vec<(&RelPath, u64)> = sight
        .iter()
        .filter(|(path, seen)| wanted(path, seen))
        .filter_map(|(path, seen)| match seen {
            Seen::File { stamp, .. } if stamp.size <= FILE_BYTES_MAX => Some((path, stamp.size)),
            _ => None,
        })
        .collect();
    files.sort_by_key(|(path, size)| (path.depth(), *size));
    let (mut kept, mut bytes) = (Kept::new(), 0);
    for (path, size) in files.into_iter().take(FILES_MAX) {
        bytes += size;
        if bytes > ALL_BYTES_MAX {
            break;
        }
        if let Some(content) = keep_one(store, &root.join(path.as_path())) {
            kept.insert(path.clone(), content);
        }
    }
    kept
}

/// Keeps one file. What can't be read is not kept.
pub(super) fn keep_one(store: &Store, path: &Path) -> Option<Content> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > FILE_BYTES_MAX {
        return None;
    }
    store.keep_file(&file).ok()
}

/// Stands for bytes that were not kept.
pub(super) fn unkept(size: u64) -> Content {
    Content { size, hash: Hash::UNREAD, place: Place::Loose }
}
