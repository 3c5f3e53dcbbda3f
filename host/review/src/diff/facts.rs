//! What there is to say of a change besides its lines: status, permissions, links, bytes that are no text.

use massgen_isolation::changeset::{Change, ChangeStatus, Risk, Scope};
use massgen_isolation::entry::{Hash, Node};

use super::FileDiff;
use crate::text::{Row, Segment, Tone};
use massgen_terminal::human;

/// One letter, as in `isolate diff --name-status`.
pub fn status_letter(status: ChangeStatus) -> char {
    match status {
        ChangeStatus::Added => 'A',
        ChangeStatus::Modified => 'M',
        ChangeStatus::Deleted => 'D',
        ChangeStatus::Renamed => 'R',
        ChangeStatus::TypeChanged => 'T',
        ChangeStatus::ModeChanged => 'X',
    }
}

/// Returns the word for a status.
pub fn status_word(status: ChangeStatus) -> &'static str {
    match status {
        ChangeStatus::Added => "new",
        ChangeStatus::Modified => "changed",
        ChangeStatus::Deleted => "deleted",
        ChangeStatus::Renamed => "renamed",
        ChangeStatus::TypeChanged => "of another kind",
        ChangeStatus::ModeChanged => "permissions changed",
    }
}

/// A risk's stable word, and what it means.
pub fn risk_words(risk: Risk) -> (String, &'static str) {
    let word = serde_json::to_value(risk).ok().and_then(|v| v.as_str().map(String::from));
    let meaning = match risk {
        Risk::ExecutesOnYourMachine => "tools execute it or read commands from it",
        Risk::EscapingSymlink => "the link points outside the project",
        Risk::BidiControl => "characters that change the direction of text",
        Risk::ControlCharacters => "invisible characters or terminal control characters",
        Risk::ControlCharactersInName => "its name contains deceptive characters",
        Risk::BecameExecutable => "it became executable",
        Risk::LooksSecret => "its name suggests that it contains secrets",
        Risk::NestedRepository => "a repository inside the project",
        Risk::GitDirectoryName => "its name means .git on some file systems; never applied",
    };
    (word.unwrap_or_default(), meaning)
}

/// Status, name and size of the change in one row.
pub fn headline(change: &Change, diff: Option<&FileDiff>) -> Row {
    let mut row = vec![Segment::new(&change.path.lossy(), Tone::Strong)];
    let mut say = |text: String, tone| row.push(Segment::new(&text, tone));
    if let Some(old) = &change.old_path {
        say(format!("  was {}", old.lossy()), Tone::Plain);
    }
    say(format!("  {}", status_word(change.status)), Tone::Dim);
    if let Some(stats) = diff.map(FileDiff::stats).filter(|stats| stats.hunks > 0) {
        say(format!("  +{}", stats.additions), Tone::Added);
        say(format!(" −{}", stats.deletions), Tone::Removed);
        say(format!("  {}", human::plural(stats.hunks as u64, "hunk")), Tone::Dim);
    }
    row
}

/// Everything that its lines do not tell.
pub fn facts(change: &Change, diff: &FileDiff) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for risk in &change.risks {
        let (word, meaning) = risk_words(*risk);
        rows.push(vec![
            Segment::new(&format!("! {word}"), Tone::Risk),
            Segment::new(&format!("  {meaning}"), Tone::Dim),
        ]);
    }
    let mut say = |text: &str| rows.push(vec![Segment::new(text, Tone::Plain)]);
    match change.scope {
        Scope::In => {}
        Scope::OutOfScope => say("out of scope: applied only when you take it"),
        Scope::IgnoredOutput => say("ignored by git: applied only when you take it"),
    }
    if let Some(text) = modes(change) {
        let alone = if diff.hunks().is_empty() { "" } else { "; comes only with the whole file" };
        say(&format!("{text}{alone}"));
    }
    if let (Some(old), Some(new)) = (&change.old, &change.new)
        && old.kind() != new.kind()
    {
        say(&format!("was {}, is {}", kind(old), kind(new)));
    }
    for (when, node) in [("pointed to", &change.old), ("points to", &change.new)] {
        if let Some(Node::Link { target }) = node {
            say(&format!("link, {when} {}", String::from_utf8_lossy(target)));
        }
    }
    if diff.stats().binary {
        for (when, node) in [("before", &change.old), ("after ", &change.new)] {
            say(&format!("{when}  {}", node.as_ref().map_or("nothing".into(), bytes_of)));
        }
    } else if diff.hunks().is_empty() {
        match &change.new {
            Some(Node::File { content, .. }) if content.hash == Hash::UNREAD => {
                say(&format!("{} bytes that were not read", human::count(content.size)));
            }
            Some(Node::File { content, .. }) if content.size == 0 => say("an empty file"),
            Some(Node::Dir { .. }) => say("an empty directory"),
            _ if change.old.as_ref().is_some_and(|node| node.size() == 0) => say("it was empty"),
            _ => {}
        }
    }
    rows
}

/// Its new permissions, if only those of a thing of the same kind changed.
fn modes(change: &Change) -> Option<String> {
    let (old, new) = (change.old.as_ref()?, change.new.as_ref()?);
    let (was, is) = (old.mode() & 0o7777, new.mode() & 0o7777);
    if old.kind() != new.kind() || was == is {
        return None;
    }
    let word = match (was & 0o111 != 0, is & 0o111 != 0) {
        (false, true) => ", it became executable",
        (true, false) => ", it can no longer be run",
        _ => "",
    };
    Some(format!("permissions {was:03o} → {is:03o}{word}"))
}

/// How much of a change is applied when a part of it is.
pub fn part_word(change: &Change) -> &'static str {
    if modes(change).is_some() { "in part, without its new permissions" } else { "in part" }
}

fn kind(node: &Node) -> &'static str {
    match node {
        Node::Dir { .. } => "a directory",
        Node::File { .. } => "a file",
        Node::Link { .. } => "a link",
    }
}

fn bytes_of(node: &Node) -> String {
    match node {
        Node::File { content, .. } => {
            format!("{} bytes, blake3 {}…", human::count(content.size), &content.hash.hex()[..16])
        }
        other => kind(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_tells_what_risks_mean() {
        let page = include_str!("../../../../docs/review.md");
        for risk in [
            Risk::ExecutesOnYourMachine,
            Risk::EscapingSymlink,
            Risk::BidiControl,
            Risk::ControlCharacters,
            Risk::ControlCharactersInName,
            Risk::BecameExecutable,
            Risk::LooksSecret,
            Risk::NestedRepository,
            Risk::GitDirectoryName,
        ] {
            let (word, meaning) = risk_words(risk);
            let row = format!("| `{word}` | {} |", meaning.replace(".git", "`.git`"));
            assert!(page.contains(&row), "docs/review.md lacks {row}");
        }
    }
}
