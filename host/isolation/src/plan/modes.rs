//! Permissions: the target's own are kept, and never widened but by the executable bit.

use crate::entry::{MODE_MASK, Node};

/// The node to write over `current`: bits that the agent took away go, an executable bit that it gave
/// comes for those who may read.
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
    let taken = old & !new;
    let given = new & !old & 0o111 & ((current & 0o444) >> 2);
    (current & !taken) | given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_wider_than_the_users_own() {
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
