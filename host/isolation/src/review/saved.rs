//! Saved decisions of a review: one file in the session's directory, replaced whenever a decision changes. It
//! is a valid document for `isolate apply --decisions`. It also keeps decisions on earlier states of a path,
//! so that undoing an apply restores them.

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

/// Maximum number of states per path whose decisions are kept.
const EARLIER_MAX: usize = 4;
const FILE: &str = "review.json";

/// The decision on one state of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDecision {
    /// The change that was decided on.
    pub of: Fingerprint,
    /// How much of it is accepted.
    pub accept: Accept,
    /// Keys of the partially accepted hunks, by their numbers. They identify a hunk after the rest of the
    /// file changed.
    pub keys: BTreeMap<usize, String>,
}

/// All decisions of a session. Paths without one are left.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SavedDecisions {
    /// Decisions on each path, newest last.
    by_path: BTreeMap<RelPath, Vec<SavedDecision>>,
}

#[derive(Deserialize)]
struct DecisionIn {
    path: String,
    #[serde(default)]
    path_bytes_b64: Option<String>,
    accept: Value,
    of: Fingerprint,
    #[serde(default)]
    keys: BTreeMap<usize, String>,
}

/// An entry to be written. It borrows, because ten thousand entries may be written at every key press.
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
    decisions: Vec<DecisionIn>,
    #[serde(default)]
    earlier: Vec<DecisionIn>,
}

impl SavedDecisions {
    /// Loads the decisions of a session, or none if nothing was saved.
    pub fn load(session_dir: &Path) -> Result<Self, SaveError> {
        let path = session_dir.join(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        let document: Document = read_json(&path)?;
        let mut saved = Self::default();
        for entry in document.earlier.into_iter().chain(document.decisions) {
            if let Some((path, decision)) = from_entry(entry) {
                saved.by_path.entry(path).or_default().push(decision);
            }
        }
        Ok(saved)
    }

    /// Saves the decisions atomically. They are durable only after [`SavedDecisions::sync`].
    pub fn save(&self, session_dir: &Path) -> Result<(), SaveError> {
        let path = session_dir.join(FILE);
        let io = |source| SaveError::Io { path: path.clone(), source };
        let bytes = serde_json::to_vec(&self.as_document())
            .map_err(|source| SaveError::Damaged { path: path.clone(), source })?;
        atomic_write::write(&path, &bytes, Durability::Deferred).map_err(io)
    }

    /// Makes saved decisions durable.
    pub fn sync(session_dir: &Path) -> Result<(), SaveError> {
        let path = session_dir.join(FILE);
        let synced = match std::fs::File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            opened => opened.and_then(|file| file.sync_all()),
        };
        synced.and_then(|()| sync_dir(session_dir)).map_err(|source| SaveError::Io { path, source })
    }

    /// Returns the document. `decisions` are the newest ones, `earlier` those they replaced.
    pub fn document(&self) -> Value {
        json!(self.as_document())
    }

    fn as_document(&self) -> DocumentOut<'_> {
        let newest = self.by_path.iter().filter_map(|(path, states)| Some((path, states.last()?)));
        let earlier = self.by_path.iter().flat_map(|(path, states)| {
            let rest = &states[..states.len().saturating_sub(1)];
            rest.iter().map(move |decision| (path, decision))
        });
        DocumentOut {
            schema: "review/1",
            decisions: newest.map(to_entry).collect(),
            earlier: earlier.map(to_entry).collect(),
        }
    }

    /// Returns the decision on a change. If another state of its path was reviewed, unchanged hunks are found
    /// by their keys; `keys` returns those of the current hunks.
    pub fn recall<E>(
        &self,
        change: &Change,
        keys: impl FnOnce() -> Result<Vec<String>, E>,
    ) -> Result<Recalled, E> {
        let Some(states) = self.by_path.get(&change.path) else { return Ok(Recalled::Nothing) };
        let of = change.fingerprint();
        if let Some(decision) = states.iter().rev().find(|decision| decision.of == of) {
            return Ok(Recalled::Same(decision.accept.clone()));
        }
        let Some(decision) = states.last().filter(|decision| decision.accept != Accept::No) else {
            return Ok(Recalled::Nothing);
        };
        let Accept::Parts(parts) = &decision.accept else {
            return Ok(Recalled::Changed(Vec::new()));
        };
        let now: HashMap<String, usize> =
            keys()?.into_iter().enumerate().map(|(at, key)| (key, at + 1)).collect();
        let found = parts.iter().filter_map(|part| {
            let hunk = *now.get(decision.keys.get(&part.hunk)?)?;
            Some(HunkPart { hunk, lines: part.lines.clone() })
        });
        Ok(Recalled::Changed(found.collect()))
    }

    /// Adds a decision.
    pub fn remember(&mut self, path: &RelPath, decision: SavedDecision) {
        let states = self.by_path.entry(path.clone()).or_default();
        states.retain(|known| known.of != decision.of);
        states.push(decision);
        if states.len() > EARLIER_MAX {
            states.remove(0);
        }
    }
}

/// The saved decision on a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recalled {
    /// There is none for its path.
    Nothing,
    /// The change has this decision.
    Same(Accept),
    /// The change is not the one that was reviewed. These accepted parts are unchanged.
    Changed(Vec<HunkPart>),
}

fn to_entry<'a>((path, decision): (&'a RelPath, &'a SavedDecision)) -> DecisionOut<'a> {
    DecisionOut {
        path: String::from_utf8_lossy(path.as_bytes()),
        path_bytes_b64: path_bytes::path_bytes_b64(path),
        accept: decision.accept.to_json(),
        of: &decision.of,
        keys: &decision.keys,
    }
}

fn from_entry(entry: DecisionIn) -> Option<(RelPath, SavedDecision)> {
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

    fn decision(change: &Change, accept: Accept, keys: &[(usize, &str)]) -> SavedDecision {
        let keys = keys.iter().map(|(hunk, key)| (*hunk, (*key).to_string())).collect();
        SavedDecision { of: change.fingerprint(), accept, keys }
    }

    fn recall(saved: &SavedDecisions, change: &Change, keys: &[&str]) -> Recalled {
        let keys = keys.iter().map(|key| (*key).to_string()).collect();
        saved.recall(change, || Ok::<_, ()>(keys)).unwrap()
    }

    #[test]
    fn decisions_are_restored_for_the_same_change_only() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (change("1"), change("2"));
        let mut saved = SavedDecisions::default();
        let part = HunkPart { hunk: 2, lines: Some(vec![1, 3]) };
        let parts = Accept::Parts(vec![HunkPart::whole(1), part]);
        saved.remember(&first.path, decision(&first, parts.clone(), &[(1, "one"), (2, "two")]));
        saved.save(dir.path()).unwrap();
        let mut saved = SavedDecisions::load(dir.path()).unwrap();
        assert_eq!(recall(&saved, &first, &[]), Recalled::Same(parts.clone()));
        // The first hunk changed, and the second became the third.
        let found = recall(&saved, &second, &["new", "other", "two"]);
        let third = HunkPart { hunk: 3, lines: Some(vec![1, 3]) };
        assert_eq!(found, Recalled::Changed(vec![third]));
        saved.remember(&second.path, decision(&second, Accept::Yes, &[]));
        assert_eq!(recall(&saved, &change("3"), &[]), Recalled::Changed(Vec::new()));
        // An undo restores the first state, and with it the decision.
        saved.save(dir.path()).unwrap();
        let saved = SavedDecisions::load(dir.path()).unwrap();
        assert_eq!(recall(&saved, &first, &[]), Recalled::Same(parts));
        // `apply --decisions` accepts the same file.
        let bytes = std::fs::read(dir.path().join(FILE)).unwrap();
        assert!(!super::super::parse(&bytes).unwrap().is_stale(&second));
        assert!(super::super::parse(&bytes).unwrap().is_stale(&first));
    }
}
