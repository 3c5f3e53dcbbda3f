//! Permissions of written nodes: the project's own are kept, and only executable bits are ever added.

use crate::entry::{MODE_MASK, Node};

/// Returns the node to write over `current`. Bits that the agent removed are removed; executable bits that it
/// added are added for those who can read.
pub(super) fn settle(
    current: Option<&Node>,
    before: Option<&Node>,
    after: Option<Node>,
) -> Option<Node> {
    let bits = |node: &Node| node.mode() & MODE_MASK;
    let (Some(current), Some(after)) = (current, after.clone()) else { return after };
    if current.kind() != after.kind() {
        return Some(after);
    }
    let old = before.filter(|before| before.kind() == after.kind()).map_or(bits(current), bits);
    let mode = settled(bits(current), old, bits(&after));
    Some(match after {
        Node::File { content, .. } => Node::File { mode, content },
        Node::Dir { .. } => Node::Dir { mode },
        link @ Node::Link { .. } => link,
    })
}

fn settled(current: u32, old: u32, new: u32) -> u32 {
    let removed = old & !new;
    let added = new & !old & 0o111 & ((current & 0o444) >> 2);
    (current & !removed) | added
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_never_wider_than_the_users() {
        for (current, old, new, expect) in [
            (0o644, 0o644, 0o755, 0o755),
            (0o600, 0o644, 0o755, 0o700),
            (0o600, 0o600, 0o644, 0o600),
            (0o644, 0o644, 0o600, 0o600),
            (0o755, 0o755, 0o644, 0o644),
            (0o640, 0o644, 0o644, 0o640),
        ] {
            assert_eq!(settled(current, old, new), expect, "{current:o} {old:o} {new:o}");
        }
    }
}
