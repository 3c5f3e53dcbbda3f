//! Whether the project is still what a change is based on.

use crate::entry::{MODE_MASK, Node};

/// Why the target is not what the change is based on; none if it is. Permissions that the change does
/// not touch may differ.
pub(super) fn drift(
    current: Option<&Node>,
    before: Option<&Node>,
    after: Option<&Node>,
) -> Option<&'static str> {
    match (current, before) {
        (None, None) => None,
        (Some(_), None) => Some("the project has one of its own by now"),
        (None, Some(_)) => Some("it is gone from the project by now"),
        (Some(current), Some(before)) => {
            let same_thing = match (current, before) {
                (Node::File { content: a, .. }, Node::File { content: b, .. }) => a == b,
                (Node::Link { target: a }, Node::Link { target: b }) => a == b,
                (Node::Dir { .. }, Node::Dir { .. }) => true,
                _ => false,
            };
            let bits = |node: &Node| node.mode() & MODE_MASK;
            let wants_mode = after
                .is_some_and(|after| after.kind() == before.kind() && bits(after) != bits(before));
            let mode_drifted = bits(current) & 0o111 != bits(before) & 0o111;
            if !same_thing {
                Some("it changed in the project since the session began")
            } else if wants_mode && mode_drifted {
                Some("its permissions changed in the project since the session began")
            } else {
                None
            }
        }
    }
}
