//! While a tree is walked: which repository a directory belongs to, and which rules are in force there.

use std::collections::HashSet;
use std::sync::Arc;

use ignore::gitignore::Gitignore;

use super::rules;
use crate::path::RelPath;

/// The repository that a directory belongs to.
#[derive(Debug, Default)]
pub(super) struct Owner {
    /// Every tracked path.
    pub(super) tracked: HashSet<Vec<u8>>,
    /// Every directory above a tracked path.
    pub(super) tracked_dirs: HashSet<Vec<u8>>,
    /// Rules that hold for the whole repository, the weakest first.
    pub(super) wide: Vec<Gitignore>,
}

impl Owner {
    /// `tracked`: paths relative to the repository at `root`.
    pub(super) fn new(root: &RelPath, tracked: Vec<Vec<u8>>, wide: Vec<Gitignore>) -> Self {
        let mut owner = Self { wide, ..Self::default() };
        for path in tracked {
            let path = if root.is_root() {
                path
            } else {
                [root.as_bytes(), b"/", path.as_slice()].concat()
            };
            let mut end = path.len();
            while let Some(at) = memchr::memrchr(b'/', &path[..end]) {
                if !owner.tracked_dirs.insert(path[..at].to_vec()) {
                    break;
                }
                end = at;
            }
            owner.tracked.insert(path);
        }
        owner
    }
}

/// Rules of a directory and of those above it.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) above: Option<Arc<Level>>,
    pub(super) matcher: Gitignore,
}

/// Whether a path itself is matched by a rule; directories above it were decided before.
pub(super) fn matched(
    owner: &Owner,
    level: Option<&Arc<Level>>,
    path: &RelPath,
    is_dir: bool,
) -> bool {
    let mut at = level;
    while let Some(level) = at {
        if let Some(said) = rules::says(&level.matcher, path, is_dir) {
            return said;
        }
        at = level.above.as_ref();
    }
    owner.wide.iter().rev().find_map(|wide| rules::says(wide, path, is_dir)).unwrap_or(false)
}
