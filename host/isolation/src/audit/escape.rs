//! Changes outside of the workspace.

use serde::{Deserialize, Serialize};

use super::Area;
use super::snapshot::Observed;
use crate::changeset::ChangeStatus as Status;
use crate::entry::{Hash, Node};
use crate::path::HostPath;

/// A change outside of the workspace, made while a command ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escape {
    /// The path below the project; absolute for paths elsewhere.
    pub path: String,
    /// The absolute path.
    pub place: HostPath,
    /// The part of the user's files that it belongs to.
    pub kind: Area,
    /// The kind of change.
    pub change: Status,
    /// The previous state. The session's store has the bytes unless the hash is `Hash::UNREAD`.
    pub before: Option<Node>,
    /// The state after the command.
    pub after: Option<Node>,
    /// Whether the previous state was restored.
    #[serde(default)]
    pub restored: bool,
}

impl Escape {
    /// Returns whether the previous state can be restored from the session's store.
    pub fn is_restorable(&self) -> bool {
        let content = self.before.as_ref().and_then(Node::content);
        // Restoring permissions needs no bytes.
        self.change == Status::ModeChanged
            || content.is_none_or(|content| content.hash != Hash::UNREAD)
    }
}

/// Returns whether two observations differ in permissions only. A confined agent can change nothing else.
pub(super) fn only_mode_differs(before: Option<&Observed>, after: Option<&Observed>) -> bool {
    match (before, after) {
        (Some(Observed::Dir { .. }), Some(Observed::Dir { .. })) => true,
        (Some(Observed::File { mode: was, stamp: old }), Some(Observed::File { mode, stamp })) => {
            was != mode
                && (old.size, old.inode, old.mtime_ns) == (stamp.size, stamp.inode, stamp.mtime_ns)
        }
        _ => false,
    }
}

/// Returns whether two observations of a file differ in time stamps only. The kernel lets owners set these, and git
/// does so instead of writing an object that exists already.
pub(super) fn only_times_differ(before: Option<&Observed>, after: Option<&Observed>) -> bool {
    match (before, after) {
        (Some(Observed::File { mode: was, stamp: old }), Some(Observed::File { mode, stamp })) => {
            (*was, old.size, old.inode) == (*mode, stamp.size, stamp.inode)
        }
        _ => false,
    }
}

/// Returns how a node changed; `None` if only its time stamps did.
pub(super) fn status(before: Option<&Node>, after: Option<&Node>) -> Option<Status> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(Status::Added),
        (Some(_), None) => Some(Status::Deleted),
        (Some(before), Some(after)) if before.kind() != after.kind() => Some(Status::TypeChanged),
        (Some(Node::File { mode: was, content: old }), Some(Node::File { mode, content: new })) => {
            // Content that was not preserved counts as changed, since the stamps differ.
            let same = old == new && old.hash != Hash::UNREAD;
            match (same, was == mode) {
                (true, true) => None,
                (true, false) => Some(Status::ModeChanged),
                (false, _) => Some(Status::Modified),
            }
        }
        (Some(Node::Dir { mode: was }), Some(Node::Dir { mode })) => {
            (was != mode).then_some(Status::ModeChanged)
        }
        (Some(before), Some(after)) => (before != after).then_some(Status::Modified),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Content, Storage as Place};

    fn file(mode: u32, hash: Hash) -> Node {
        Node::File { mode, content: Content { size: 1, hash, place: Place::Loose } }
    }

    #[test]
    fn tells_kinds_of_change_apart() {
        let (a, b) = (Hash::of(b"a"), Hash::of(b"b"));
        let link = Node::Link { target: b"x".to_vec() };
        for (before, after, expect) in [
            (None, Some(file(0o644, a)), Some(Status::Added)),
            (Some(file(0o644, a)), None, Some(Status::Deleted)),
            (Some(file(0o644, a)), Some(file(0o644, a)), None),
            (Some(file(0o644, a)), Some(file(0o755, a)), Some(Status::ModeChanged)),
            (Some(file(0o644, a)), Some(file(0o755, b)), Some(Status::Modified)),
            (Some(file(0o644, a)), Some(link.clone()), Some(Status::TypeChanged)),
            (Some(link.clone()), Some(link), None),
            (
                Some(file(0o644, Hash::UNREAD)),
                Some(file(0o644, Hash::UNREAD)),
                Some(Status::Modified),
            ),
        ] {
            assert_eq!(status(before.as_ref(), after.as_ref()), expect, "{before:?} {after:?}");
        }
    }
}
