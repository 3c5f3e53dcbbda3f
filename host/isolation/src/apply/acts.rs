//! Breaks a plan down into single acts, in an order in which each can succeed.

use crate::entry::Node;
use crate::journal::Op;
use crate::path::RelPath;

/// One act. Nodes are files or links; directories have their own acts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    Remove { path: RelPath, before: Node },
    RemoveDir { path: RelPath, mode: u32 },
    MakeDir { path: RelPath, mode: u32 },
    Create { path: RelPath, after: Node },
    Replace { path: RelPath, before: Node, after: Node },
    SetDirMode { path: RelPath, before: u32, after: u32 },
}

impl Act {
    pub(super) fn path(&self) -> &RelPath {
        match self {
            Self::Remove { path, .. }
            | Self::RemoveDir { path, .. }
            | Self::MakeDir { path, .. }
            | Self::Create { path, .. }
            | Self::Replace { path, .. }
            | Self::SetDirMode { path, .. } => path,
        }
    }

    /// Returns the node to stage for the act.
    pub(super) fn staged(&self) -> Option<&Node> {
        match self {
            Self::Create { after, .. } | Self::Replace { after, .. } => Some(after),
            _ => None,
        }
    }

    /// Returns the user's node that the act takes away.
    pub(super) fn displaced(&self) -> Option<&Node> {
        match self {
            Self::Remove { before, .. } | Self::Replace { before, .. } => Some(before),
            _ => None,
        }
    }

    fn rank(&self) -> (u8, isize) {
        let depth = isize::try_from(self.path().depth()).unwrap_or(isize::MAX);
        match self {
            // A directory becomes writable before anything in it changes, and read-only after.
            Self::SetDirMode { after, .. } if is_open(*after) => (0, depth),
            Self::Remove { .. } => (1, -depth),
            Self::RemoveDir { .. } => (2, -depth),
            Self::MakeDir { .. } => (3, depth),
            Self::Create { .. } => (4, depth),
            Self::Replace { .. } => (5, depth),
            Self::SetDirMode { .. } => (6, -depth),
        }
    }
}

/// Returns whether the owner can write to a directory.
fn is_open(mode: u32) -> bool {
    mode & OPEN == OPEN
}

/// Write and search permission for the owner.
const OPEN: u32 = 0o300;

/// Adds the acts that remove a directory, writable first so that its entries can be removed.
fn remove_dir(acts: &mut Vec<Act>, path: &RelPath, mode: u32) {
    if !is_open(mode) {
        acts.push(Act::SetDirMode { path: path.clone(), before: mode, after: mode | OPEN });
    }
    acts.push(Act::RemoveDir { path: path.clone(), mode: mode | OPEN });
}

/// Adds the acts that make a directory, writable until its entries are created.
fn make_dir(acts: &mut Vec<Act>, path: &RelPath, mode: u32) {
    acts.push(Act::MakeDir { path: path.clone(), mode: mode | OPEN });
    if !is_open(mode) {
        acts.push(Act::SetDirMode { path: path.clone(), before: mode | OPEN, after: mode });
    }
}

/// Returns the acts of some writes: removals first, then creations.
pub(super) fn acts(ops: &[Op]) -> Vec<Act> {
    let mut acts = Vec::with_capacity(ops.len());
    for op in ops {
        let path = || op.path.clone();
        let dir = |node: &Node| match node {
            Node::Dir { mode } => Some(*mode),
            _ => None,
        };
        match (&op.before, &op.after) {
            (None, None) => {}
            (Some(before), Some(after)) => match (dir(before), dir(after)) {
                (Some(before), Some(after)) => {
                    acts.push(Act::SetDirMode { path: path(), before, after });
                }
                (Some(mode), None) => {
                    remove_dir(&mut acts, &op.path, mode);
                    acts.push(Act::Create { path: path(), after: after.clone() });
                }
                (None, Some(mode)) => {
                    acts.push(Act::Remove { path: path(), before: before.clone() });
                    make_dir(&mut acts, &op.path, mode);
                }
                (None, None) => acts.push(Act::Replace {
                    path: path(),
                    before: before.clone(),
                    after: after.clone(),
                }),
            },
            (Some(before), None) => match dir(before) {
                Some(mode) => remove_dir(&mut acts, &op.path, mode),
                None => acts.push(Act::Remove { path: path(), before: before.clone() }),
            },
            (None, Some(after)) => match dir(after) {
                Some(mode) => make_dir(&mut acts, &op.path, mode),
                None => acts.push(Act::Create { path: path(), after: after.clone() }),
            },
        }
    }
    acts.sort_by_key(Act::rank);
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(path: &str, before: Option<&Node>, after: Option<&Node>) -> Op {
        let path = RelPath::new(path.as_bytes()).unwrap();
        Op { path, before: before.cloned(), after: after.cloned() }
    }

    fn described(ops: &[Op]) -> Vec<String> {
        let name = |act: &Act| format!("{act:?}").split(' ').next().unwrap().to_string();
        acts(ops).iter().map(|act| format!("{} {}", name(act), act.path().lossy())).collect()
    }

    #[test]
    fn a_read_only_directory_is_writable_while_its_entries_change() {
        let link = Node::Link { target: b"x".to_vec() };
        let (open, closed) = (Node::Dir { mode: 0o755 }, Node::Dir { mode: 0o555 });
        let (open, closed, link) = (Some(&open), Some(&closed), Some(&link));
        let inside = |before, after| op("d/f", before, after);
        let cases = [
            (
                [op("d", closed, open), inside(None, link)],
                ["SetDirMode d", "Create d/f"].as_slice(),
            ),
            ([op("d", open, closed), inside(None, link)], &["Create d/f", "SetDirMode d"]),
            (
                [op("d", closed, None), inside(link, None)],
                &["SetDirMode d", "Remove d/f", "RemoveDir d"],
            ),
            (
                [op("d", None, closed), inside(None, link)],
                &["MakeDir d", "Create d/f", "SetDirMode d"],
            ),
        ];
        for (ops, expect) in cases {
            assert_eq!(described(&ops), expect);
        }
    }

    #[test]
    fn a_directory_becomes_a_file_once_it_is_empty() {
        let link = Node::Link { target: b"x".to_vec() };
        let dir = Node::Dir { mode: 0o755 };
        let ops = [
            op("a", Some(&dir), Some(&link)),
            op("a/b", Some(&link), None),
            op("f", Some(&link), Some(&dir)),
            op("f/g", None, Some(&link)),
        ];
        let expect =
            ["Remove a/b", "Remove f", "RemoveDir a", "MakeDir f", "Create a", "Create f/g"];
        assert_eq!(described(&ops), expect);
    }
}
