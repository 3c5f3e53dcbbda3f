//! The commands of a document, and what it says they print.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One command of a document.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) doc: String,
    pub(super) line: usize,
    pub(super) command: String,
    /// What stands below it, in a block `console`.
    pub(super) prints: Option<Vec<String>>,
    /// The line that it stands in.
    pub(super) row: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README, contributing guide and guides, by path from the root.
pub(super) fn all() -> Vec<String> {
    let names = std::fs::read_dir(root().join("docs")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut docs: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    docs.extend(["CONTRIBUTING.md", "README.md"].map(String::from));
    docs.sort();
    docs
}

/// A line of a document with its number, the kind of block it stands in, and whether the block begins there.
fn lines(doc: &str) -> Vec<(usize, Option<String>, String)> {
    let text = std::fs::read_to_string(root().join(doc)).unwrap();
    let mut kind: Option<String> = None;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if kind.is_some() => kind = None,
            Some(info) => kind = Some(info.to_string()),
            None => found.push((at + 1, kind.clone(), line.to_string())),
        }
    }
    found
}

/// Everything that a reader may type: lines of a block `sh`, lines behind `$` in a block `console`, and the
/// commands that fill a cell of a table.
pub(super) fn calls(doc: &str) -> Vec<Call> {
    let mut found: Vec<Call> = Vec::new();
    for (line, kind, text) in lines(doc) {
        let mut add = |command: &str, prints| {
            let (doc, command, row) = (doc.to_string(), command.to_string(), text.clone());
            found.push(Call { doc, line, command, prints, row });
        };
        match kind.as_deref() {
            Some("sh") if !text.trim().is_empty() => add(&text, None),
            Some("console") => match text.strip_prefix("$ ") {
                Some(command) => add(command, Some(Vec::new())),
                None => found.last_mut().unwrap().prints.as_mut().unwrap().push(text),
            },
            None if text.starts_with('|') => {
                let cells = text.trim_matches('|').split(" | ").map(str::trim);
                let whole = |cell: &str| {
                    let inner = cell.strip_prefix('`')?.strip_suffix('`')?;
                    inner.starts_with("massgen ").then(|| inner.to_string())
                };
                cells.filter_map(whole).for_each(|command| add(&command, None));
            }
            _ => {}
        }
    }
    found
}

/// Commands that stand where nobody plays them.
pub(super) fn hidden(doc: &str) -> Vec<String> {
    let of_text = lines(doc).into_iter().filter(|(_, kind, _)| kind.as_deref() == Some("text"));
    of_text
        .map(|(_, _, text)| text)
        .filter(|text| text.starts_with("$ ") || text.starts_with("massgen "))
        .collect()
}

/// Whether a command printed what the document shows. `…` alone in a line stands for any lines, within
/// one for any words.
pub(super) fn shown(expect: &[String], printed: &str) -> Result<(), String> {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let mut at = 0;
    let mut any = false;
    for line in expect.iter().map(|line| line.trim_end()) {
        if line == "…" {
            any = true;
            continue;
        }
        let same =
            |printed: &&str| fits(line, printed) || fits(&sessions(line), &sessions(printed));
        let rest = printed.get(at..).unwrap_or_default();
        let found = if any {
            rest.iter().position(same)
        } else {
            rest.first().filter(|l| same(l)).map(|_| 0)
        };
        let Some(found) = found else { return Err(format!("the line {line:?} is missing")) };
        at += found + 1;
        any = false;
    }
    match printed.get(at) {
        Some(more) if !any && !expect.is_empty() => Err(format!("the line {more:?} is not shown")),
        _ => Ok(()),
    }
}

/// Whether a line is the one that is shown: `…` in it stands for anything.
fn fits(shown: &str, printed: &str) -> bool {
    let pieces: Vec<&str> = shown.split('…').collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return shown == printed };
    let Some(rest) = printed.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    middle
        .iter()
        .try_fold(rest, |rest, piece| rest.split_once(piece).map(|(_, rest)| rest))
        .is_some()
}

/// What is missing or too much in a document of `--json`, by the row that lists its name and its fields; the
/// name may be followed by a place in it, `files[].hunks[]`.
pub(super) fn listed(row: &str, printed: &str) -> Result<(), String> {
    let text: String = printed.lines().skip_while(|line| *line != "{").collect();
    let document: Value =
        serde_json::Deserializer::from_str(&text).into_iter().next().unwrap().unwrap();
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
    let spans = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect();
    let [name, fields]: [Vec<String>; 2] = [spans(cells[0]), spans(cells[2])];
    let place =
        name.get(1).map(|place| format!("/{}", place.replace("[]", "/0").replace('.', "/")));
    let object = document.pointer(&place.unwrap_or_default()).and_then(Value::as_object);
    let keys = object.into_iter().flat_map(|object| object.keys().cloned());
    let said: BTreeSet<String> = keys.filter(|key| key != "schema").collect();
    match document["schema"].as_str() {
        Some(schema) if schema == name[0] && said == fields.iter().cloned().collect() => Ok(()),
        schema => Err(format!("it is {schema:?} with {said:?}, not {fields:?}")),
    }
}

/// Ids of sessions are others each time: ten letters and digits. A word of ten letters is taken for one, too: what
/// is compared without regard to ids was compared with regard to them before.
fn sessions(line: &str) -> String {
    let of_id = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_id = |word: &str| word.len() == 10 && word.bytes().all(of_id);
    line.split(' ')
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            if is_id(bare) { word.replace(bare, "SESSION-ID") } else { word.to_string() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn what_is_not_as_shown_is_found() {
    let expect = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    let printed = "one 4gmvz8e4fj\ntwo\nthree and more\n";
    for right in [
        "one 8f3kq2mzx1\ntwo\nthree and more",
        "…\nthree…",
        "one zzzzzzzzz1\n…",
        "one…\ntwo\n…",
        "…\nth… and m…e",
    ] {
        assert_eq!(shown(&expect(right), printed), Ok(()), "{right}");
    }
    for wrong in [
        "one",
        "two\n…",
        "…\ntwo",
        "…\nfour\n…",
        "…\nthree … mor",
        "one 4gmvz8e4fj\ntwo\nthree and more\nfour",
    ] {
        assert!(shown(&expect(wrong), printed).is_err(), "{wrong}");
    }
}
