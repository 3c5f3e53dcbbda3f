//! Detects whether the project still matches what a change is based on.

use crate::entry::{MODE_MASK, Node};

/// Returns how the project differs from what a change is based on, or `None` if it matches. Permissions
/// that the change does not touch may differ.
pub(super) fn drift(
    current: Option<&Node>,
    before: Option<&Node>,
    after: Option<&Node>,
) -> Option<&'static str> {
    match (current, before) {
        (None, None) => None,
        (Some(_), None) => Some("it was also added in the project"),
        (None, Some(_)) => Some("it was deleted in the project"),
        (Some(current), Some(before)) => {
            let same_content = match (current, before) {
                (Node::File { content: a, .. }, Node::File { content: b, .. }) => a == b,
                (Node::Link { target: a }, Node::Link { target: b }) => a == b,
                (Node::Dir { .. }, Node::Dir { .. }) => true,
                _ => false,
            };
            let bits = |node: &Node| node.mode() & MODE_MASK;
            let changes_mode = after
                .is_some_and(|after| after.kind() == before.kind() && bits(after) != bits(before));
            let mode_drifted = bits(current) & 0o111 != bits(before) & 0o111;
            if !same_content {
                Some("it changed in the project since the session began")
            } else if changes_mode && mode_drifted {
                Some("its permissions changed in the project since the session began")
            } else {
                None
            }
        }
    }
}
