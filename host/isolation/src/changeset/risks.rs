//! Detects risks: reasons to review a change closely.

use std::collections::HashSet;
use std::path::Path;

use massgen_text::{CharClass, class_of};

use super::runs::{is_program, is_run_by_tools};
use super::{Change, Risk, Scope};
use crate::baseline::{Roots, looks_secret};
use crate::entry::{Hash, Node};
use crate::path::{RelPath, forbidden_component};

/// Maximum size of inspected files, in bytes.
pub(crate) const INSPECTED_BYTES_MAX: u64 = 4 << 20;

/// The risks found in the content of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ContentRisks {
    program: bool,
    bidi: bool,
    control: bool,
}

impl ContentRisks {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let program = is_program(bytes);
        // Most files are plain ASCII, and this check is many times faster than decoding them.
        if bytes.iter().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t' | b'\r' | 0x0c)) {
            return Self { program, ..Self::default() };
        }
        // Invalid UTF-8 must not hide other characters.
        let text = String::from_utf8_lossy(bytes);
        if text.contains('\0') {
            return Self { program, ..Self::default() };
        }
        // A byte order mark is ordinary at the start of a file and nowhere else.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Self { program, bidi: has_bidi_controls(text), control: has_hidden_characters(text) }
    }
}

/// Returns the risks of a change. `inside` inspects the new content, if it can be read.
pub(super) fn of(
    change: &Change,
    roots: &Roots,
    git_dirs: &HashSet<RelPath>,
    inside: impl FnOnce() -> Option<ContentRisks>,
) -> Vec<Risk> {
    let mut risks = Vec::new();
    if git_dirs.contains(&change.path) {
        risks.push(Risk::NestedRepository);
    } else if forbidden_component(&change.path).is_some() {
        risks.push(Risk::GitDirectoryName);
    }
    let name = change.path.lossy();
    if has_hidden_characters(&name) || has_bidi_controls(&name) {
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
        Node::Link { target } if points_outside(&change.path, target, roots) => {
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
                && content.size <= INSPECTED_BYTES_MAX
                && content.hash != Hash::UNREAD;
            if readable && let Some(inside) = inside() {
                let runs = mode & 0o111 != 0 && inside.program;
                risks.extend(runs.then_some(Risk::ExecutesOnYourMachine));
                risks.extend(inside.bidi.then_some(Risk::BidiControl));
                risks.extend(inside.control.then_some(Risk::ControlCharacters));
            }
        }
        Node::Link { .. } | Node::Dir { .. } => {}
    }
    risks.sort_unstable();
    risks.dedup();
    risks
}

/// Returns whether a link points out of the project, judging by its target text only.
fn points_outside(path: &RelPath, target: &[u8], roots: &Roots) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let target = Path::new(std::ffi::OsStr::from_bytes(target));
    if target.is_absolute() {
        return !target.starts_with(&roots.project)
            || target.components().any(|part| part == std::path::Component::ParentDir);
    }
    !crate::baseline::stays_inside(&path.parent().unwrap_or_default(), target)
}

fn has_bidi_controls(text: &str) -> bool {
    text.chars().any(|c| class_of(c) == Some(CharClass::Bidi))
}

/// Returns whether a text holds anything that a terminal obeys or a reader can't see, apart from ordinary white space.
fn has_hidden_characters(text: &str) -> bool {
    text.chars().any(|c| match class_of(c) {
        Some(CharClass::Control) => !matches!(c, '\n' | '\t' | '\r' | '\u{c}'),
        Some(CharClass::Invisible | CharClass::LineSeparator) => true,
        Some(CharClass::Bidi) | None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn links_out_of_the_project_are_detected() {
        let roots = Roots { project: "/p".into(), workspace: "/w".into() };
        for (path, target, expect) in [
            ("a/l", "../b", false),
            ("a/l", "../../b", true),
            ("l", "/etc/passwd", true),
            ("l", "/p/b", false),
            ("l", "/p/../etc", true),
        ] {
            assert_eq!(points_outside(&rel(path), target.as_bytes(), &roots), expect, "{target}");
        }
    }

    #[test]
    fn deceptive_characters_are_detected() {
        let plain = ContentRisks::default();
        let bidi = ContentRisks { bidi: true, ..plain };
        let control = ContentRisks { control: true, ..plain };
        for (bytes, expect) in [
            ("a\u{202e}b".as_bytes(), bidi),
            (b"a\x1b[2J", control),
            (b"a\x7f", control),
            ("häß\tx\r\n".as_bytes(), plain),
            (b"plain\tx\r\n", plain),
            (b"\xff\x1b[2J", control),
            (b"\x1b[2J\0", plain),
            ("a\u{61c}b".as_bytes(), bidi),
            ("\u{feff}plain".as_bytes(), plain),
            ("a\u{feff}b".as_bytes(), control),
            ("a\u{2028}b".as_bytes(), control),
            ("pass\u{ad}word".as_bytes(), control),
        ] {
            assert_eq!(ContentRisks::of(bytes), expect, "{bytes:?}");
        }
    }
}
