//! The single acts that a plan comes down to, in an order in which each is possible.

use crate::entry::Node;
use crate::path::RelPath;
use crate::plan::Op;

/// One act. Nodes are files or links; directories have acts of their own.
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

    /// What is staged for it.
    pub(super) fn staged(&self) -> Option<&Node> {
        match self {
            Self::Create { after, .. } | Self::Replace { after, .. } => Some(after),
            _ => None,
        }
    }

    /// What of the user's it takes away.
    pub(super) fn displaced(&self) -> Option<&Node> {
        match self {
            Self::Remove { before, .. } | Self::Replace { before, .. } => Some(before),
            _ => None,
        }
    }

    fn rank(&self) -> (u8, isize) {
        let depth = isize::try_from(self.path().depth()).unwrap_or(isize::MAX);
        match self {
            Self::Remove { .. } => (0, -depth),
            Self::RemoveDir { .. } => (1, -depth),
            Self::MakeDir { .. } => (2, depth),
            Self::Create { .. } => (3, depth),
            Self::Replace { .. } => (4, depth),
            Self::SetDirMode { .. } => (5, -depth),
        }
    }
}

/// The acts of some writes: first what goes, then what comes.
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
                    acts.push(Act::RemoveDir { path: path(), mode });
                    acts.push(Act::Create { path: path(), after: after.clone() });
                }
                (None, Some(mode)) => {
                    acts.push(Act::Remove { path: path(), before: before.clone() });
                    acts.push(Act::MakeDir { path: path(), mode });
                }
                (None, None) => acts.push(Act::Replace {
                    path: path(),
                    before: before.clone(),
                    after: after.clone(),
                }),
            },
            (Some(before), None) => acts.push(match dir(before) {
                Some(mode) => Act::RemoveDir { path: path(), mode },
                None => Act::Remove { path: path(), before: before.clone() },
            }),
            (None, Some(after)) => acts.push(match dir(after) {
                Some(mode) => Act::MakeDir { path: path(), mode },
                None => Act::Create { path: path(), after: after.clone() },
            }),
        }
    }
    acts.sort_by_key(Act::rank);
    acts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_becomes_a_file_after_it_is_empty() {
        let link = Node::Link { target: b"x".to_vec() };
        let dir = Node::Dir { mode: 0o755 };
        let op = |path: &str, before: Option<&Node>, after: Option<&Node>| Op {
            path: RelPath::new(path.as_bytes()).unwrap(),
            before: before.cloned(),
            after: after.cloned(),
        };
        let ops = [
            op("a", Some(&dir), Some(&link)),
            op("a/b", Some(&link), None),
            op("f", Some(&link), Some(&dir)),
            op("f/g", None, Some(&link)),
        ];
        let told: Vec<String> = acts(&ops)
            .iter()
            .map(|act| {
                let name = format!("{act:?}");
                format!("{} {}", name.split(' ').next().unwrap(), act.path().lossy())
            })
            .collect();
        let expect =
            ["Remove a/b", "Remove f", "RemoveDir a", "MakeDir f", "Create a", "Create f/g"];
        assert_eq!(told, expect);
    }
}
