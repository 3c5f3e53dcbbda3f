//! A change as a patch that `git apply` understands.

use super::hunks::TextDiff;
use super::{Change, Status};
use crate::entry::Node;
use crate::path::RelPath;

/// A path as git writes it in a patch: quoted when it holds what would break a line.
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

/// git knows two modes of a file.
fn git_mode(node: &Node) -> u32 {
    match node {
        Node::File { mode, .. } if mode & 0o100 != 0 => 0o100_755,
        Node::File { .. } => 0o100_644,
        other => other.mode(),
    }
}

/// One change. Directories have no place in a patch; of a binary file, only the fact is told.
pub fn patch(change: &Change, diff: &TextDiff) -> Vec<u8> {
    let is_dir = |node: &Option<Node>| matches!(node, Some(Node::Dir { .. }));
    if is_dir(&change.new) || is_dir(&change.old) {
        return format!("# {:?} directory {}\n", change.status, quoted("", &change.path))
            .into_bytes();
    }
    let old_path = change.old_path.as_ref().unwrap_or(&change.path);
    let (a, b) = (quoted("a/", old_path), quoted("b/", &change.path));
    let mut text = format!("diff --git {a} {b}\n").into_bytes();
    match (&change.old, &change.new) {
        (None, Some(new)) => text.extend(format!("new file mode {:06o}\n", git_mode(new)).bytes()),
        (Some(old), None) => {
            text.extend(format!("deleted file mode {:06o}\n", git_mode(old)).bytes());
        }
        (Some(old), Some(new)) if git_mode(old) != git_mode(new) => text.extend(
            format!("old mode {:06o}\nnew mode {:06o}\n", git_mode(old), git_mode(new)).bytes(),
        ),
        _ => {}
    }
    if change.status == Status::Renamed {
        let (from, to) = (quoted("", old_path), quoted("", &change.path));
        text.extend(format!("rename from {from}\nrename to {to}\n").bytes());
    }
    match diff {
        TextDiff::Binary => text.extend(format!("Binary files {a} and {b} differ\n").bytes()),
        TextDiff::Text { hunks, .. } if hunks.is_empty() => {}
        TextDiff::Text { hunks, .. } => {
            let a = if change.old.is_some() { a } else { "/dev/null".into() };
            let b = if change.new.is_some() { b } else { "/dev/null".into() };
            text.extend(format!("--- {a}\n+++ {b}\n").bytes());
            hunks.iter().for_each(|hunk| text.extend_from_slice(&hunk.text));
        }
    }
    text
}
