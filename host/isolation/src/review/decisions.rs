//! Decisions as JSON: `{"decisions":[{"path"|"path_bytes_b64","accept":true|false|[hunk,…]}]}`.

use serde::Deserialize;

use super::{Accept, Decided, Selection};
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
    /// Hunks count from 1.
    #[error("{0}: hunks count from 1")]
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
    accept: serde_json::Value,
}

/// Understands decisions.
pub fn parse(json: &[u8]) -> Result<Selection, DecisionsError> {
    let document: Document = serde_json::from_slice(json).map_err(DecisionsError::Syntax)?;
    let mut words: Vec<Decided> = Vec::new();
    for (at, word) in document.decisions.into_iter().enumerate() {
        let bytes = match (word.path_bytes_b64, word.path) {
            (Some(coded), _) => crate::base64::decode(&coded),
            (None, Some(path)) => Some(path.into_bytes()),
            (None, None) => None,
        };
        let path = RelPath::new(&bytes.ok_or(DecisionsError::Nameless(at + 1))?)?;
        let accept = match word.accept {
            serde_json::Value::Bool(true) => Accept::Yes,
            serde_json::Value::Bool(false) => Accept::No,
            hunks => Accept::Hunks(serde_json::from_value(hunks).map_err(DecisionsError::Syntax)?),
        };
        if matches!(&accept, Accept::Hunks(hunks) if hunks.contains(&0)) {
            return Err(DecisionsError::Zero(path.lossy()));
        }
        if words.iter().any(|word| word.path == path) {
            return Err(DecisionsError::Twice(path.lossy()));
        }
        words.push(Decided { path, accept });
    }
    Ok(Selection::Decided(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_kind() {
        let json = br#"{"decisions":[{"path":"a","accept":true},{"path":"b","accept":[1,3]},{"path_bytes_b64":"/w==","accept":false}]}"#;
        let Selection::Decided(words) = parse(json).unwrap() else { panic!() };
        assert_eq!(words[1].accept, Accept::Hunks(vec![1, 3]));
        assert_eq!(words[2].path.as_bytes(), b"\xff");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, expect) in [
            (&br#"{"decisions":[{"accept":true}]}"#[..], "names no path"),
            (br#"{"decisions":[{"path":"a","accept":[0]}]}"#, "count from 1"),
            (br#"{"decisions":[{"path":"../a","accept":true}]}"#, "climbs"),
            (br#"{"decisions":[{"path":"a","accept":true},{"path":"a","accept":false}]}"#, "twice"),
            (b"[]", "understood"),
        ] {
            let said = parse(json).unwrap_err().to_string();
            assert!(said.contains(expect), "{said}");
        }
    }
}
