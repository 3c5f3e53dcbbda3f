//! Renders a change as a patch for `git apply`.

use super::hunks::{TextDiff, text_diff};
use super::lines::Lines;
use super::{Change, ChangeStatus};
use crate::entry::Node;
use crate::path::RelPath;

/// Quotes a path as git does in patches, if it contains special characters.
pub fn quoted(prefix: &str, path: &RelPath) -> String {
    let bytes = [prefix.as_bytes(), path.as_bytes()].concat();
    if bytes.iter().all(|b| (0x20..0x7f).contains(b) && *b != b'"' && *b != b'\\') {
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\r' => text.push_str("\\r"),
            0x20..0x7f => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

/// Returns the mode of a node for git, which has two modes for files.
fn git_mode(node: &Node) -> u32 {
    match node {
        Node::File { mode, .. } if mode & 0o100 != 0 => 0o100_755,
        Node::File { .. } => 0o100_644,
        other => other.mode(),
    }
}

/// Renders one change. `old` and `new` are the contents of files or the targets of links. Directories have no
/// patch form; a change of kind is a deletion and an addition, as in git.
pub fn patch(change: &Change, diff: &TextDiff, old: &[u8], new: &[u8]) -> Vec<u8> {
    let is_dir = |node: &Option<Node>| matches!(node, Some(Node::Dir { .. }));
    if change.status == ChangeStatus::TypeChanged {
        let sides =
            [(change.old.clone(), None, old, &b""[..]), (None, change.new.clone(), b"", new)];
        let parts = sides.into_iter().filter(|(a, b, ..)| !is_dir(a) && !is_dir(b));
        return parts.flat_map(|(a, b, old, new)| one_side(change, a, b, old, new)).collect();
    }
    if is_dir(&change.new) || is_dir(&change.old) {
        return format!("# {:?} directory {}\n", change.status, quoted("", &change.path))
            .into_bytes();
    }
    let mut text = heading(change);
    match diff {
        TextDiff::Binary if old == new => {}
        TextDiff::Binary => text.extend(binary(change, old, new)),
        TextDiff::Text { hunks, .. } if hunks.is_empty() => {}
        TextDiff::Text { hunks, .. } => {
            let (a, b) = names(change);
            let a = if change.old.is_some() { a } else { "/dev/null".into() };
            let b = if change.new.is_some() { b } else { "/dev/null".into() };
            text.extend(format!("--- {a}\n+++ {b}\n").bytes());
            let (old, new) = (Lines::of(old), Lines::of(new));
            hunks.iter().for_each(|hunk| text.extend(hunk.text(&old, &new)));
        }
    }
    text
}

fn one_side(
    change: &Change,
    was: Option<Node>,
    is: Option<Node>,
    old: &[u8],
    new: &[u8],
) -> Vec<u8> {
    let status = if is.is_some() { ChangeStatus::Added } else { ChangeStatus::Deleted };
    let one_side = Change { status, old: was, new: is, old_path: None, ..change.clone() };
    patch(&one_side, &text_diff(old, new), old, new)
}

fn names(change: &Change) -> (String, String) {
    let old_path = change.old_path.as_ref().unwrap_or(&change.path);
    (quoted("a/", old_path), quoted("b/", &change.path))
}

fn heading(change: &Change) -> Vec<u8> {
    let (a, b) = names(change);
    let mut text = format!("diff --git {a} {b}\n");
    match (&change.old, &change.new) {
        (None, Some(new)) => text.push_str(&format!("new file mode {:06o}\n", git_mode(new))),
        (Some(old), None) => text.push_str(&format!("deleted file mode {:06o}\n", git_mode(old))),
        (Some(old), Some(new)) if git_mode(old) != git_mode(new) => text.push_str(&format!(
            "old mode {:06o}\nnew mode {:06o}\n",
            git_mode(old),
            git_mode(new)
        )),
        _ => {}
    }
    if change.status == ChangeStatus::Renamed {
        let from = quoted("", change.old_path.as_ref().unwrap_or(&change.path));
        let to = quoted("", &change.path);
        text.push_str(&format!("rename from {from}\nrename to {to}\n"));
    }
    text.into_bytes()
}

/// Renders a binary patch in git's format. `git apply` requires the full object ids of both sides.
fn binary(change: &Change, old: &[u8], new: &[u8]) -> Vec<u8> {
    let (a, b) = names(change);
    let unknown = || format!("Binary files {a} and {b} differ\n").into_bytes();
    let id = |node: &Option<Node>, bytes: &[u8]| match node {
        None => Ok(git2::Oid::ZERO_SHA1),
        Some(_) => git2::Oid::hash_object(git2::ObjectType::Blob, bytes),
    };
    let mut options = git2::DiffOptions::new();
    options.show_binary(true).force_binary(true);
    let made = git2::Patch::from_buffers(old, None, new, None, Some(&mut options))
        .and_then(|mut patch| patch.to_buf());
    let (Ok(made), Ok(from), Ok(to)) = (made, id(&change.old, old), id(&change.new, new)) else {
        return unknown();
    };
    let Some(at) = memchr::memmem::find(&made, b"GIT binary patch\n") else { return unknown() };
    let mut text = format!("index {from}..{to}\n").into_bytes();
    text.extend_from_slice(&made[at..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changeset::Scope;
    use crate::entry::{Content, Hash, Storage};

    fn file(bytes: &[u8]) -> Option<Node> {
        let content =
            Content { size: bytes.len() as u64, hash: Hash::of(bytes), place: Storage::Loose };
        Some(Node::File { mode: 0o644, content })
    }

    fn made(status: ChangeStatus, old: Option<&[u8]>, new: Option<&[u8]>) -> String {
        let path = RelPath::new(b"p").unwrap();
        let (was, is) = (old.and_then(file), new.and_then(file));
        let change = Change {
            path,
            old_path: None,
            status,
            old: was,
            new: is,
            scope: Scope::In,
            risks: Vec::new(),
        };
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        String::from_utf8(patch(&change, &text_diff(old, new), old, new)).unwrap()
    }

    #[test]
    fn binary_patches_are_complete() {
        let text = made(ChangeStatus::Modified, Some(b"a\0b"), Some(b"a\0c"));
        assert!(
            text.contains("index ") && text.contains("GIT binary patch\nliteral 3\n"),
            "{text}"
        );
        let text = made(ChangeStatus::Added, None, Some(b"a\0"));
        assert!(
            text.contains("new file mode 100644\nindex 0000000000000000000000000000000000000000.."),
            "{text}"
        );
    }

    #[test]
    fn text_patches_are_unified_diffs() {
        let text = made(ChangeStatus::Deleted, Some(b"x\n"), None);
        assert_eq!(
            text,
            "diff --git a/p b/p\ndeleted file mode 100644\n--- a/p\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        );
    }
}
