//! Decisions that outlive the program: one file in the session's directory, replaced as a whole whenever
//! something is decided. It is a document of decisions (`isolate apply --decisions` takes it), and it keeps
//! what was decided on earlier states of a path, so that undoing an apply brings the decisions back.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Accept, path_bytes};
use crate::atomic_write::{self, Durability};
use crate::changeset::{Change, Fingerprint, HunkPart};
use crate::path::RelPath;
use crate::session::{SaveError, read_json, sync_dir};

/// Earlier states of a path that are remembered.
const EARLIER_MAX: usize = 4;
const FILE: &str = "review.json";

/// What was decided on one state of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDecision {
    /// The change that was decided on.
    pub of: Fingerprint,
    /// How much of it is taken.
    pub accept: Accept,
    /// The keys of the hunks that are taken in part, by their numbers: they are found again when the rest of
    /// the file has become another one.
    pub keys: BTreeMap<usize, String>,
}

/// Everything that was decided in a session; what is not named is left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SavedDecisions {
    /// The newest word on a path is the last.
    words: BTreeMap<RelPath, Vec<SavedDecision>>,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    path_bytes_b64: Option<String>,
    accept: Value,
    of: Fingerprint,
    #[serde(default)]
    keys: BTreeMap<usize, String>,
}

/// The same on its way out. Ten thousand of them are written at a key, so nothing is copied that need not be.
#[derive(Serialize)]
struct DecisionOut<'a> {
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes_b64: Option<String>,
    accept: Value,
    of: &'a Fingerprint,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    keys: &'a BTreeMap<usize, String>,
}

#[derive(Serialize)]
struct DocumentOut<'a> {
    schema: &'static str,
    decisions: Vec<DecisionOut<'a>>,
    earlier: Vec<DecisionOut<'a>>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    decisions: Vec<Entry>,
    #[serde(default)]
    earlier: Vec<Entry>,
}

impl SavedDecisions {
    /// Reads what was decided; nothing, if nothing ever was.
    pub fn load(session_dir: &Path) -> Result<Self, SaveError> {
        let path = session_dir.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let document: Document = read_json(&path)?;
        let mut saved = Self::default();
        for entry in document.earlier.into_iter().chain(document.decisions) {
            if let Some((path, word)) = remembered(entry) {
                saved.words.entry(path).or_default().push(word);
            }
        }
        Ok(saved)
    }

    /// Writes it, all or nothing. It survives the end of this program; [`SavedDecisions::sync`] makes it survive a power cut.
    pub fn save(&self, session_dir: &Path) -> Result<(), SaveError> {
        let path = session_dir.join(FILE);
        let io = |source| SaveError::Io { path: path.clone(), source };
        let bytes = serde_json::to_vec(&self.to_entry())
            .map_err(|source| SaveError::Damaged { path: path.clone(), source })?;
        atomic_write::write(&path, &bytes, Durability::Deferred).map_err(io)
    }

    /// Makes what was written durable.
    pub fn sync(session_dir: &Path) -> Result<(), SaveError> {
        let path = session_dir.join(FILE);
        let synced = match std::fs::File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            opened => opened.and_then(|file| file.sync_all()),
        };
        synced.and_then(|()| sync_dir(session_dir)).map_err(|source| SaveError::Io { path, source })
    }

    /// The document: `decisions` are the newest words, `earlier` what they replaced.
    pub fn document(&self) -> Value {
        json!(self.to_entry())
    }

    fn to_entry(&self) -> DocumentOut<'_> {
        let newest = self.words.iter().filter_map(|(path, words)| Some((path, words.last()?)));
        let earlier = self.words.iter().flat_map(|(path, words)| {
            let rest = &words[..words.len().saturating_sub(1)];
            rest.iter().map(move |word| (path, word))
        });
        DocumentOut {
            schema: "review/1",
            decisions: newest.map(to_entry).collect(),
            earlier: earlier.map(to_entry).collect(),
        }
    }

    /// What was decided on a change. If another state of its path was decided on, the hunks that are still
    /// the same are found by their keys: `keys` gives those of the change as it is now.
    pub fn recall<E>(
        &self,
        change: &Change,
        keys: impl FnOnce() -> Result<Vec<String>, E>,
    ) -> Result<Recalled, E> {
        let Some(words) = self.words.get(&change.path) else { return Ok(Recalled::Nothing) };
        let of = change.fingerprint();
        if let Some(word) = words.iter().rev().find(|word| word.of == of) {
            return Ok(Recalled::Same(word.accept.clone()));
        }
        let Some(word) = words.last().filter(|word| word.accept != Accept::No) else {
            return Ok(Recalled::Nothing);
        };
        let Accept::Parts(parts) = &word.accept else { return Ok(Recalled::Changed(Vec::new())) };
        let now: HashMap<String, usize> =
            keys()?.into_iter().enumerate().map(|(at, key)| (key, at + 1)).collect();
        let found = parts.iter().filter_map(|part| {
            let hunk = *now.get(word.keys.get(&part.hunk)?)?;
            Some(HunkPart { hunk, lines: part.lines.clone() })
        });
        Ok(Recalled::Changed(found.collect()))
    }

    /// Remembers a word.
    pub fn remember(&mut self, path: &RelPath, word: SavedDecision) {
        let words = self.words.entry(path.clone()).or_default();
        words.retain(|known| known.of != word.of);
        words.push(word);
        if words.len() > EARLIER_MAX {
            words.remove(0);
        }
    }
}

/// What is known of a change from earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// Nobody decided on its path.
    Nothing,
    /// This was decided on it.
    Same(Accept),
    /// It changed since it was decided on; these parts are as they were.
    Changed(Vec<HunkPart>),
}

fn to_entry<'a>((path, word): (&'a RelPath, &'a SavedDecision)) -> DecisionOut<'a> {
    DecisionOut {
        path: String::from_utf8_lossy(path.as_bytes()),
        path_bytes_b64: path_bytes::path_bytes_b64(path),
        accept: word.accept.to_json(),
        of: &word.of,
        keys: &word.keys,
    }
}

fn remembered(entry: Entry) -> Option<(RelPath, SavedDecision)> {
    let bytes = match entry.path_bytes_b64 {
        Some(coded) => path_bytes::decode(&coded)?,
        None => entry.path.into_bytes(),
    };
    let accept = super::decisions::accept(entry.accept)?;
    Some((RelPath::new(&bytes).ok()?, SavedDecision { of: entry.of, accept, keys: entry.keys }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changeset::{ChangeStatus, Scope};
    use crate::entry::Node;

    fn change(target: &str) -> Change {
        Change {
            path: RelPath::new(b"a\xff").unwrap(),
            old_path: None,
            status: ChangeStatus::Modified,
            old: None,
            new: Some(Node::Link { target: target.into() }),
            scope: Scope::In,
            risks: Vec::new(),
        }
    }

    fn word(change: &Change, accept: Accept, keys: &[(usize, &str)]) -> SavedDecision {
        let keys = keys.iter().map(|(hunk, key)| (*hunk, (*key).to_string())).collect();
        SavedDecision { of: change.fingerprint(), accept, keys }
    }

    fn recall(saved: &SavedDecisions, change: &Change, keys: &[&str]) -> Recalled {
        let keys = keys.iter().map(|key| (*key).to_string()).collect();
        saved.recall(change, || Ok::<_, ()>(keys)).unwrap()
    }

    #[test]
    fn what_was_decided_comes_back_and_holds_for_the_same_change_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (change("1"), change("2"));
        let mut saved = SavedDecisions::default();
        let part = HunkPart { hunk: 2, lines: Some(vec![1, 3]) };
        let parts = Accept::Parts(vec![HunkPart::whole(1), part]);
        saved.remember(&first.path, word(&first, parts.clone(), &[(1, "one"), (2, "two")]));
        saved.save(dir.path()).unwrap();
        let mut saved = SavedDecisions::load(dir.path()).unwrap();
        assert_eq!(recall(&saved, &first, &[]), Recalled::Same(parts.clone()));
        // The first hunk is another one, the second has become the third.
        let found = recall(&saved, &second, &["new", "other", "two"]);
        let third = HunkPart { hunk: 3, lines: Some(vec![1, 3]) };
        assert_eq!(found, Recalled::Changed(vec![third]));
        saved.remember(&second.path, word(&second, Accept::Yes, &[]));
        assert_eq!(recall(&saved, &change("3"), &[]), Recalled::Changed(Vec::new()));
        // An undo brings the first state back, and what was decided on it.
        saved.save(dir.path()).unwrap();
        let saved = SavedDecisions::load(dir.path()).unwrap();
        assert_eq!(recall(&saved, &first, &[]), Recalled::Same(parts));
        // The same file is understood by `apply --decisions`.
        let bytes = std::fs::read(dir.path().join(FILE)).unwrap();
        assert!(!super::super::parse(&bytes).unwrap().is_stale(&second));
        assert!(super::super::parse(&bytes).unwrap().is_stale(&first));
    }
}
