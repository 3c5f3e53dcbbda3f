//! The desk as data for the page. Text from outside has gone through [`crate::text`]; the page puts it up
//! as text, so that it is never markup.

use massgen_isolation::changeset::Scope;
use massgen_isolation::review::Accept;
use serde_json::{Value, json};

use crate::desk::{Desk, Item, Preview, Tab};
use crate::diff::{
    Changed, DiffRow, FileDiff, Layout, Painter, Rows, Side, facts, fold_reason, risk_words,
    status_letter, status_word,
};
use crate::screen::FileClasses;
use crate::text::{Class, Row, Segment, Tone, visible};

/// Longer lines are cut: nobody reads them, and a browser chokes on them.
const COLUMNS_MAX: usize = 2000;

/// Which rows of which file.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub(super) struct Stretch {
    pub(super) tab: usize,
    pub(super) item: usize,
    /// First row; with `hunk`, that hunk's.
    #[serde(default)]
    pub(super) from: usize,
    pub(super) hunk: Option<usize>,
    pub(super) rows: usize,
    #[serde(default)]
    pub(super) split: bool,
    /// With words of the language.
    #[serde(default)]
    pub(super) words: bool,
}

impl Stretch {
    pub(super) fn layout(&self) -> Layout {
        if self.split { Layout::Split } else { Layout::Unified }
    }

    /// The rows that are meant.
    pub(super) fn range(&self, rows: &Rows) -> std::ops::Range<usize> {
        let from = self.hunk.map_or(self.from, |hunk| rows.start_of(hunk.saturating_sub(1)));
        from.min(rows.len())..from.saturating_add(self.rows).min(rows.len())
    }
}

/// Everything but the diffs.
pub(super) fn desk(desk: &Desk, edition: u64) -> Value {
    let sessions = desk.tabs.iter().map(|tab| {
        json!({
            "id": tab.id,
            "label": visible(&tab.label),
            "tally": tally(tab),
            "unreadable": tab.unreadable,
            "items": tab.items.iter().map(item).collect::<Vec<_>>(),
        })
    });
    json!({"edition": edition, "sessions": sessions.collect::<Vec<_>>()})
}

pub(super) fn tally(tab: &Tab) -> Value {
    let tally = tab.tally();
    json!({"total": tally.total, "taken": tally.taken, "partly": tally.partly})
}

fn item(item: &Item) -> Value {
    let change = &item.change;
    json!({
        "path": visible(&change.path.lossy()),
        "was": change.old_path.as_ref().map(|path| visible(&path.lossy())),
        "letter": status_letter(change.status),
        "status": status_word(change.status),
        "scope": (change.scope != Scope::In).then_some(change.scope),
        "risks": change.risks.iter().map(|risk| risk_words(*risk).0).collect::<Vec<_>>(),
        "stale": item.stale,
        "accept": item.accept.to_json(),
    })
}

/// A stretch of one file's diff.
pub(super) fn file(item: &Item, file: &FileDiff, classes: &FileClasses, of: &Stretch) -> Value {
    let rows = Rows::new(file.hunks(), of.layout());
    let painter = Painter {
        file,
        accept: &Accept::No,
        classes,
        needle: "",
        cursor: None,
        from: 0,
        line_marks: false,
    };
    let range = of.range(&rows);
    let shown = range.clone().filter_map(|at| rows.at(file.hunks(), at));
    let shown: Vec<Value> = shown.map(|at| row(&painter, at)).collect();
    let stats = file.stats();
    let name = item.change.path.lossy();
    json!({
        "facts": facts(&item.change, file).iter().map(segments).collect::<Vec<_>>(),
        "additions": stats.additions,
        "deletions": stats.deletions,
        "hunks": stats.hunks,
        "binary": stats.binary,
        "fold": fold_reason(&name, file.new.text()).filter(|_| stats.hunks > 0),
        "total": rows.len(),
        "from": range.start,
        "rows": shown,
    })
}

fn row(painter: &Painter<'_>, row: DiffRow) -> Value {
    match row {
        DiffRow::Heading { hunk } => {
            let known = &painter.file.hunks()[hunk];
            let section = painter.section(known.old_range().start);
            json!({"hunk": known.index, "at": known.heading(), "in": section})
        }
        DiffRow::Same { hunk, old, new } => {
            let text = text(painter, Side::New, new, Tone::Plain, &[]);
            json!({"of": hunk + 1, "old": old + 1, "new": new + 1, "text": text})
        }
        DiffRow::Change { hunk, old, new, mate } => {
            let pair = match (old, new, mate) {
                (Some(old), Some(new), _) => Some((old.line, new.line)),
                (Some(old), None, Some(mate)) => Some((old.line, mate)),
                (None, Some(new), Some(mate)) => Some((mate, new.line)),
                _ => None,
            };
            let (gone, came) = pair.map(|(o, n)| painter.words(o, n)).unwrap_or_default();
            let side = |changed: Changed, side, tone, words: &[_]| {
                let text = text(painter, side, changed.line, tone, words);
                json!({"at": changed.line + 1, "number": changed.number, "text": text})
            };
            json!({
                "of": hunk + 1,
                "went": old.map(|old| side(old, Side::Old, Tone::Removed, &gone)),
                "came": new.map(|new| side(new, Side::New, Tone::Added, &came)),
            })
        }
    }
}

fn text(
    painter: &Painter<'_>,
    side: Side,
    at: usize,
    tone: Tone,
    words: &[std::ops::Range<usize>],
) -> Value {
    let row = painter.text(side, at, tone, words, COLUMNS_MAX);
    let mut told = segments(&row);
    if crate::text::row_width(&row) >= COLUMNS_MAX
        && let Some(list) = told.as_array_mut()
    {
        list.push(json!([" … the line goes on", "m"]));
    }
    told
}

/// Pieces of text, each with the names of how it looks.
fn segments(row: &Row) -> Value {
    row.iter().filter(|segment| !segment.text.is_empty()).map(segment).collect()
}

fn segment(segment: &Segment) -> Value {
    let tone = match segment.tone {
        Tone::Mark => "m",
        Tone::Risk => "risk",
        Tone::Dim => "soft",
        Tone::Strong | Tone::Heading => "b",
        _ => "",
    };
    let class = match segment.class {
        Some(Class::Comment) => "hc",
        Some(Class::Keyword) => "hk",
        Some(Class::Name) => "hn",
        Some(Class::Number) => "hd",
        Some(Class::Text) => "hs",
        None => "",
    };
    let changed = if segment.changed { "w" } else { "" };
    let names: Vec<&str> = [tone, class, changed].into_iter().filter(|n| !n.is_empty()).collect();
    if names.is_empty() { json!(segment.text) } else { json!([segment.text, names.join(" ")]) }
}

/// What applying would do.
pub(super) fn preview(preview: &Preview) -> Value {
    let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Vec<Value> {
        pairs.map(|(path, words)| json!([visible(path), visible(words)])).collect()
    };
    json!({
        "applied": pairs(&mut preview.applied.iter().map(|(path, word)| (path.as_str(), *word))),
        "conflicts": pairs(&mut preview.conflicts.iter().map(|(a, b)| (a.as_str(), b.as_str()))),
        "risks": pairs(&mut preview.risks.iter().map(|(a, b)| (a.as_str(), b.as_str()))),
        "merge": preview.merge,
        "left": preview.left,
    })
}

#[cfg(test)]
mod tests {
    use massgen_isolation::changeset::{Change, ChangeStatus};
    use massgen_isolation::path::RelPath;

    use super::*;

    fn told(old: &str, new: &str, of: Stretch) -> Value {
        let change = Change {
            path: RelPath::new("a\u{202e}b".as_bytes()).unwrap(),
            old_path: None,
            status: ChangeStatus::Modified,
            old: None,
            new: None,
            scope: Scope::In,
            risks: Vec::new(),
        };
        let known = Item { change, accept: Accept::No, stats: None, stale: false };
        assert_eq!(item(&known)["path"], "a<U+202E>b");
        let diff = FileDiff::of(old.into(), new.into());
        file(&known, &diff, &FileClasses::new(), &of)
    }

    const ALL: Stretch =
        Stretch { tab: 0, item: 0, from: 0, hunk: None, rows: 100, split: false, words: false };

    #[test]
    fn rows_say_what_they_show() {
        let told = told("fn a() {}\none\n", "fn a() {}\n\x1b[2Jone\n", ALL);
        let rows = told["rows"].as_array().unwrap();
        assert_eq!(rows[0]["hunk"], 1);
        assert_eq!(rows[1], json!({"of": 1, "old": 1, "new": 1, "text": ["fn a() {}"]}));
        assert_eq!(rows[2]["went"]["number"], 1);
        assert_eq!(rows[3]["came"]["text"][0], json!(["␛", "m"]));
        assert_eq!((&told["total"], &told["hunks"]), (&json!(4), &json!(1)));
    }

    #[test]
    fn a_stretch_is_what_was_asked_for() {
        let lines = |end: &str| (0..500).map(|n| format!("{n}{end}\n")).collect::<String>();
        let (old, new) = (lines(""), lines("x"));
        let some = told(&old, &new, Stretch { from: 10, rows: 5, ..ALL });
        assert_eq!((&some["from"], &some["total"]), (&json!(10), &json!(1001)));
        assert_eq!(some["rows"].as_array().unwrap().len(), 5);
        let past = told(&old, &new, Stretch { from: usize::MAX, rows: usize::MAX, ..ALL });
        assert_eq!(past["rows"], json!([]));
        let split = told(&old, &new, Stretch { split: true, ..ALL });
        assert_eq!(split["total"], 501);
        assert_eq!(split["rows"][1]["went"]["at"], split["rows"][1]["came"]["at"]);
    }

    #[test]
    fn a_long_line_is_cut_and_says_so() {
        let told = told("a\n", &"<".repeat(COLUMNS_MAX * 2), ALL);
        let text = told["rows"][2]["came"]["text"].as_array().unwrap();
        assert_eq!(text[0].as_str().unwrap().len(), COLUMNS_MAX);
        assert!(text.last().unwrap()[0].as_str().unwrap().contains("goes on"), "{text:?}");
    }
}
