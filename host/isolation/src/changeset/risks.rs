//! What a reviewer should look at twice.

use std::collections::HashSet;
use std::path::Path;

use super::runs::{is_program, is_run_by_tools};
use super::{Change, Risk, Scope, Source};
use crate::baseline::{Roots, looks_secret};
use crate::entry::{Hash, Node};
use crate::path::{RelPath, forbidden_component};

const LOOKED_AT_BYTES_MAX: u64 = 4 << 20;

pub(super) fn of(
    change: &Change,
    roots: &Roots,
    git_dirs: &HashSet<RelPath>,
    source: &dyn Source,
) -> Vec<Risk> {
    let mut risks = Vec::new();
    if git_dirs.contains(&change.path) {
        risks.push(Risk::NestedRepository);
    } else if forbidden_component(&change.path).is_some() {
        risks.push(Risk::GitDirectoryName);
    }
    if speaks_to_the_terminal(&change.path.lossy()) || bidi(&change.path.lossy()) {
        risks.push(Risk::ControlCharactersInName);
    }
    let Some(new) = &change.new else { return risks };
    if looks_secret(&change.path) {
        risks.push(Risk::LooksSecret);
    }
    if is_run_by_tools(&change.path) {
        risks.push(Risk::ExecutesOnYourMachine);
    }
    match new {
        Node::Link { target } if leaves(&change.path, target, roots) => {
            risks.push(Risk::EscapingSymlink);
        }
        Node::File { mode, content } => {
            let before = match &change.old {
                Some(Node::File { mode, .. }) => mode & 0o111,
                _ => 0,
            };
            if mode & 0o111 != 0 && before == 0 {
                risks.push(Risk::BecameExecutable);
            }
            let readable = change.scope == Scope::In
                && content.size <= LOOKED_AT_BYTES_MAX
                && content.hash != Hash::UNREAD;
            if readable && let Ok(bytes) = source.bytes(&change.path, content) {
                if mode & 0o111 != 0 && is_program(&bytes) {
                    risks.push(Risk::ExecutesOnYourMachine);
                }
                risks.extend(in_text(&bytes));
            }
        }
        Node::Link { .. } | Node::Dir { .. } => {}
    }
    risks.sort_unstable();
    risks.dedup();
    risks
}

/// Whether a link leads out of the project, by its words.
fn leaves(path: &RelPath, target: &[u8], roots: &Roots) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let target = Path::new(std::ffi::OsStr::from_bytes(target));
    if target.is_absolute() {
        return !target.starts_with(&roots.project)
            || target.components().any(|part| part == std::path::Component::ParentDir);
    }
    !crate::baseline::stays_inside(&path.parent().unwrap_or_default(), target)
}

fn in_text(bytes: &[u8]) -> Vec<Risk> {
    let mut risks = Vec::new();
    // One byte that is not UTF-8 must not hide what stands beside it.
    let text = String::from_utf8_lossy(bytes);
    if !text.contains('\0') {
        if bidi(&text) {
            risks.push(Risk::BidiControl);
        }
        if speaks_to_the_terminal(&text) {
            risks.push(Risk::ControlCharacters);
        }
    }
    risks
}

fn bidi(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}'))
}

fn speaks_to_the_terminal(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t' | '\r' | '\u{c}'))
            || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{e0001}'..='\u{e007f}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn links_that_leave() {
        let roots = Roots { project: "/p".into(), workspace: "/w".into() };
        for (path, target, expect) in [
            ("a/l", "../b", false),
            ("a/l", "../../b", true),
            ("l", "/etc/passwd", true),
            ("l", "/p/b", false),
            ("l", "/p/../etc", true),
        ] {
            assert_eq!(leaves(&rel(path), target.as_bytes(), &roots), expect, "{target}");
        }
    }

    #[test]
    fn characters_that_deceive() {
        assert_eq!(in_text("a\u{202e}b".as_bytes()), [Risk::BidiControl]);
        assert_eq!(in_text(b"a\x1b[2J"), [Risk::ControlCharacters]);
        assert!(in_text("häß\tx\r\n".as_bytes()).is_empty());
        assert_eq!(in_text(b"\xff\x1b[2J"), [Risk::ControlCharacters]);
    }
}
