//! Parses decisions: `{"decisions":[{"path"|"path_bytes_b64","accept":true|false|[hunk,…]}]}`. In place of a
//! hunk's number, `{"hunk":2,"lines":[1,3]}` selects some of its changed lines. `of` ties a decision to one
//! change.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Accept, Decision, Selection, path_bytes};
use crate::changeset::{Fingerprint, HunkPart};
use crate::path::{PathError, RelPath};

/// Why decisions cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub enum DecisionsError {
    /// The JSON does not have this form.
    #[error("cannot parse the decisions")]
    Syntax(#[source] serde_json::Error),
    /// A path is invalid.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A decision has no path, or its bytes are not Base64.
    #[error("decision {0} has no path: it needs `path` or `path_bytes_b64`")]
    Nameless(usize),
    /// A path has two decisions.
    #[error("{0} has more than one decision")]
    Twice(String),
    /// A hunk or line has number 0.
    #[error("{0}: hunks and lines are numbered from 1")]
    Zero(String),
}

#[derive(Deserialize)]
struct Document {
    decisions: Vec<DecisionJson>,
}

#[derive(Deserialize)]
struct DecisionJson {
    path: Option<String>,
    path_bytes_b64: Option<String>,
    accept: AcceptJson,
    of: Option<Fingerprint>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AcceptJson {
    Whole(bool),
    Parts(Vec<HunkJson>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum HunkJson {
    Whole(usize),
    Lines { hunk: usize, lines: Vec<usize> },
}

/// Parses a document of decisions.
pub fn parse(document: &[u8]) -> Result<Selection, DecisionsError> {
    let document: Document = serde_json::from_slice(document).map_err(DecisionsError::Syntax)?;
    let mut decisions = BTreeMap::new();
    for (at, json) in document.decisions.into_iter().enumerate() {
        let bytes = match (json.path_bytes_b64, json.path) {
            (Some(coded), _) => path_bytes::decode(&coded),
            (None, Some(path)) => Some(path.into_bytes()),
            (None, None) => None,
        };
        let path = RelPath::new(&bytes.ok_or(DecisionsError::Nameless(at + 1))?)?;
        let accept = accepted(json.accept);
        let zero = |part: &HunkPart| {
            part.hunk == 0 || part.lines.as_ref().is_some_and(|lines| lines.contains(&0))
        };
        if matches!(&accept, Accept::Parts(parts) if parts.iter().any(zero)) {
            return Err(DecisionsError::Zero(path.lossy()));
        }
        let decision = Decision { accept, of: json.of };
        if decisions.insert(path.clone(), decision).is_some() {
            return Err(DecisionsError::Twice(path.lossy()));
        }
    }
    Ok(Selection::Decided(decisions))
}

/// Parses the `accept` field, or returns `None` if it is invalid.
pub(super) fn accept(json: serde_json::Value) -> Option<Accept> {
    serde_json::from_value(json).ok().map(accepted)
}

fn accepted(json: AcceptJson) -> Accept {
    match json {
        AcceptJson::Whole(true) => Accept::Yes,
        AcceptJson::Whole(false) => Accept::No,
        AcceptJson::Parts(parts) => Accept::Parts(parts.into_iter().map(part).collect()),
    }
}

fn part(json: HunkJson) -> HunkPart {
    match json {
        HunkJson::Whole(hunk) => HunkPart::whole(hunk),
        HunkJson::Lines { hunk, lines } => HunkPart { hunk, lines: Some(lines) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_decision_is_parsed() {
        let json = br#"{"decisions":[{"path":"a","accept":true},{"path":"b","accept":[1,{"hunk":3,"lines":[2]}]},{"path_bytes_b64":"/w==","accept":false}]}"#;
        let Selection::Decided(decisions) = parse(json).unwrap() else { panic!() };
        let lines = HunkPart { hunk: 3, lines: Some(vec![2]) };
        let accepted = |path: &[u8]| &decisions[&RelPath::new(path).unwrap()].accept;
        assert_eq!(*accepted(b"a"), Accept::Yes);
        assert_eq!(*accepted(b"b"), Accept::Parts(vec![HunkPart::whole(1), lines]));
        assert_eq!(*accepted(b"\xff"), Accept::No);
    }

    #[test]
    fn invalid_decisions_are_refused() {
        for (json, expect) in [
            (&br#"{"decisions":[{"accept":true}]}"#[..], "has no path"),
            (br#"{"decisions":[{"path":"a","accept":[0]}]}"#, "numbered from 1"),
            (br#"{"decisions":[{"path":"../a","accept":true}]}"#, "contains `..`"),
            (
                br#"{"decisions":[{"path":"a","accept":true},{"path":"a","accept":false}]}"#,
                "more than one",
            ),
            (b"[]", "cannot parse"),
        ] {
            let said = parse(json).unwrap_err().to_string();
            assert!(said.contains(expect), "{said}");
        }
    }
}
