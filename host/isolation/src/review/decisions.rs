//! Decisions as JSON: `{"decisions":[{"path"|"path_bytes_b64","accept":true|false|[hunk,…]}]}`. Instead of a
//! hunk's number, `{"hunk":2,"lines":[1,3]}` means some of its changed lines; `of` pins the change.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Accept, Decision, Selection};
use crate::changeset::{Fingerprint, Part};
use crate::path::{PathError, RelPath};

/// Why decisions are not understood.
#[derive(Debug, thiserror::Error)]
pub enum DecisionsError {
    /// They are no JSON of this form.
    #[error("the decisions can't be understood")]
    Syntax(#[source] serde_json::Error),
    /// A path is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A decision names no path, or its bytes are no base64.
    #[error("decision {0} names no path: it needs `path` or `path_bytes_b64`")]
    Nameless(usize),
    /// Two words on one path.
    #[error("{0} is decided twice")]
    Twice(String),
    /// Hunks and lines count from 1.
    #[error("{0}: hunks and their lines count from 1")]
    Zero(String),
}

#[derive(Deserialize)]
struct Document {
    decisions: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    path: Option<String>,
    path_bytes_b64: Option<String>,
    accept: AcceptWord,
    of: Option<Fingerprint>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AcceptWord {
    Whole(bool),
    Parts(Vec<HunkWord>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum HunkWord {
    Whole(usize),
    Lines { hunk: usize, lines: Vec<usize> },
}

/// Understands decisions.
pub fn parse(json: &[u8]) -> Result<Selection, DecisionsError> {
    let document: Document = serde_json::from_slice(json).map_err(DecisionsError::Syntax)?;
    let mut words = BTreeMap::new();
    for (at, word) in document.decisions.into_iter().enumerate() {
        let bytes = match (word.path_bytes_b64, word.path) {
            (Some(coded), _) => crate::base64::decode(&coded),
            (None, Some(path)) => Some(path.into_bytes()),
            (None, None) => None,
        };
        let path = RelPath::new(&bytes.ok_or(DecisionsError::Nameless(at + 1))?)?;
        let accept = accepted(word.accept);
        let zero = |part: &Part| {
            part.hunk == 0 || part.lines.as_ref().is_some_and(|lines| lines.contains(&0))
        };
        if matches!(&accept, Accept::Parts(parts) if parts.iter().any(zero)) {
            return Err(DecisionsError::Zero(path.lossy()));
        }
        let decision = Decision { accept, of: word.of };
        if words.insert(path.clone(), decision).is_some() {
            return Err(DecisionsError::Twice(path.lossy()));
        }
    }
    Ok(Selection::Decided(words))
}

/// How much is taken, from its JSON; none if it says nothing.
pub(super) fn accept(json: serde_json::Value) -> Option<Accept> {
    serde_json::from_value(json).ok().map(accepted)
}

fn accepted(word: AcceptWord) -> Accept {
    match word {
        AcceptWord::Whole(true) => Accept::Yes,
        AcceptWord::Whole(false) => Accept::No,
        AcceptWord::Parts(parts) => Accept::Parts(parts.into_iter().map(part).collect()),
    }
}

fn part(word: HunkWord) -> Part {
    match word {
        HunkWord::Whole(hunk) => Part::whole(hunk),
        HunkWord::Lines { hunk, lines } => Part { hunk, lines: Some(lines) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_kind() {
        let json = br#"{"decisions":[{"path":"a","accept":true},{"path":"b","accept":[1,{"hunk":3,"lines":[2]}]},{"path_bytes_b64":"/w==","accept":false}]}"#;
        let Selection::Decided(words) = parse(json).unwrap() else { panic!() };
        let lines = Part { hunk: 3, lines: Some(vec![2]) };
        let accepted = |path: &[u8]| &words[&RelPath::new(path).unwrap()].accept;
        assert_eq!(*accepted(b"a"), Accept::Yes);
        assert_eq!(*accepted(b"b"), Accept::Parts(vec![Part::whole(1), lines]));
        assert_eq!(*accepted(b"\xff"), Accept::No);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, expect) in [
            (&br#"{"decisions":[{"accept":true}]}"#[..], "names no path"),
            (br#"{"decisions":[{"path":"a","accept":[0]}]}"#, "count from 1"),
            (br#"{"decisions":[{"path":"../a","accept":true}]}"#, "contains `..`"),
            (br#"{"decisions":[{"path":"a","accept":true},{"path":"a","accept":false}]}"#, "twice"),
            (b"[]", "understood"),
        ] {
            let said = parse(json).unwrap_err().to_string();
            assert!(said.contains(expect), "{said}");
        }
    }
}
