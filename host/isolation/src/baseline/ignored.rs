//! The repository and the ignore rules in effect while a tree is walked.

use std::collections::HashSet;
use std::sync::Arc;

use ignore::gitignore::Gitignore;

use super::rules;
use crate::path::RelPath;

/// The repository of a directory.
#[derive(Debug, Default)]
pub(super) struct Owner {
    /// All tracked paths.
    pub(super) tracked: HashSet<Vec<u8>>,
    /// All directories above tracked paths.
    pub(super) tracked_dirs: HashSet<Vec<u8>>,
    /// Repository-wide rules, lowest precedence first.
    pub(super) wide: Vec<Gitignore>,
}

impl Owner {
    /// Prepares the lookup of `tracked`, which are relative to the repository at `root`.
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

/// The rules of a directory, linked to those above it.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) above: Option<Arc<Level>>,
    pub(super) matcher: Gitignore,
}

/// Returns whether a rule ignores the path itself. Directories above it were checked before.
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
