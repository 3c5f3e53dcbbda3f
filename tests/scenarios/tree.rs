//! A tree as values: every path with kind, permissions and bytes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Dir(u32),
    File(u32, Vec<u8>),
    Link(OsString),
    Other,
}

/// Paths below a root, as bytes that may be no text.
pub(crate) type Tree = BTreeMap<OsString, Item>;

/// Reads a tree. What `skip` names is left out with all below.
pub(crate) fn read(root: &Path, skip: &dyn Fn(&Path) -> bool) -> Tree {
    let mut tree = Tree::new();
    walk(root, Path::new(""), skip, &mut tree);
    tree
}

fn walk(root: &Path, dir: &Path, skip: &dyn Fn(&Path) -> bool, tree: &mut Tree) {
    for entry in std::fs::read_dir(root.join(dir)).into_iter().flatten().flatten() {
        let path = dir.join(entry.file_name());
        if skip(&path) {
            continue;
        }
        let full = root.join(&path);
        let meta = full.symlink_metadata().unwrap();
        let mode = meta.permissions().mode() & 0o7777;
        let item = if meta.is_dir() {
            walk(root, &path, skip, tree);
            Item::Dir(mode)
        } else if meta.is_symlink() {
            Item::Link(std::fs::read_link(&full).unwrap().into_os_string())
        } else if meta.file_type().is_fifo() || meta.file_type().is_socket() {
            Item::Other
        } else {
            Item::File(mode, std::fs::read(&full).unwrap_or_default())
        };
        tree.insert(path.into_os_string(), item);
    }
}

/// What differs, in words; empty if nothing does.
pub(crate) fn differences(before: &Tree, after: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, item) in before {
        match after.get(path) {
            None => found.push(format!("- {}", path.display())),
            Some(now) if now != item => {
                found.push(format!("~ {} {}", path.display(), show(item, now)));
            }
            Some(_) => {}
        }
    }
    let new = after.keys().filter(|path| !before.contains_key(*path));
    found.extend(new.map(|path| format!("+ {}", path.display())));
    found
}

fn show(a: &Item, b: &Item) -> String {
    let short = |item: &Item| match item {
        Item::File(mode, bytes) => {
            let text: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
            format!("{mode:o} {text:?}")
        }
        other => format!("{other:?}"),
    };
    format!("[{}] became [{}]", short(a), short(b))
}
