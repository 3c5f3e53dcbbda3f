//! Something that was changed outside of the workspace.

use serde::{Deserialize, Serialize};

use super::Area;
use super::sight::Seen;
use crate::changeset::ChangeStatus as Status;
use crate::entry::{Hash, Node};
use crate::path::HostPath;

/// Something that was changed outside of the workspace while a command ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Escape {
    /// Below the project; for what lies elsewhere, where it is.
    pub path: String,
    /// Where it is.
    pub place: HostPath,
    /// What it is to the user.
    pub kind: Area,
    /// How it changed.
    pub change: Status,
    /// What was there. Its bytes are in the session's store unless their hash says that they were not kept.
    pub before: Option<Node>,
    /// What was there afterwards.
    pub after: Option<Node>,
    /// What was there before is there again.
    #[serde(default)]
    pub restored: bool,
}

impl Escape {
    /// Whether what was there before can be brought back from the session's store.
    pub fn is_kept(&self) -> bool {
        let content = self.before.as_ref().and_then(Node::content);
        // Permissions come back without bytes.
        self.change == Status::ModeChanged
            || content.is_none_or(|content| content.hash != Hash::UNREAD)
    }
}

/// Whether only permissions are others, told from stamps: all that is left to an agent that the kernel
/// keeps from writing.
pub(super) fn only_mode(before: Option<&Seen>, after: Option<&Seen>) -> bool {
    match (before, after) {
        (Some(Seen::Dir { .. }), Some(Seen::Dir { .. })) => true,
        (Some(Seen::File { mode: was, stamp: old }), Some(Seen::File { mode, stamp })) => {
            was != mode
                && (old.size, old.inode, old.mtime_ns) == (stamp.size, stamp.inode, stamp.mtime_ns)
        }
        _ => false,
    }
}

/// Whether a file has other times, and nothing else that can be seen. The kernel forbids nobody to set those of
/// files that are theirs, and git does so with objects that it would have written again.
pub(super) fn only_times(before: Option<&Seen>, after: Option<&Seen>) -> bool {
    match (before, after) {
        (Some(Seen::File { mode: was, stamp: old }), Some(Seen::File { mode, stamp })) => {
            (*was, old.size, old.inode) == (*mode, stamp.size, stamp.inode)
        }
        _ => false,
    }
}

/// How one node became another; nothing, if only its times are others.
pub(super) fn status(before: Option<&Node>, after: Option<&Node>) -> Option<Status> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(Status::Added),
        (Some(_), None) => Some(Status::Deleted),
        (Some(before), Some(after)) if before.kind() != after.kind() => Some(Status::TypeChanged),
        (Some(Node::File { mode: was, content: old }), Some(Node::File { mode, content: new })) => {
            // Bytes that nobody kept may be others whenever their stamp is.
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
    fn how_something_changed() {
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
