//! What a person decided: which changes, and of a change which hunks.

mod decisions;
mod edit;
mod path_bytes;
mod saved;

pub use decisions::{DecisionsError, parse};
pub use edit::{Edit, EditError};
pub use path_bytes::path_bytes_b64;
pub use saved::{Recalled, SavedDecision, SavedDecisions};

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use crate::changeset::{Change, Fingerprint, HunkPart, Scope};
use crate::path::RelPath;

/// Of a path that was named: everything, or these hunks (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// Everything.
    Whole,
    /// These hunks.
    Hunks(Vec<usize>),
}

/// A path that was named. A directory stands for all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path.
    pub path: RelPath,
    /// How much of it.
    pub pick: Pick,
    /// The same words as a path and nothing but a path, where `path` and `pick` were read out of them: a file
    /// may be called `a#1`.
    pub literal: Option<RelPath>,
}

impl Named {
    /// What is meant, given what there is.
    fn among(self, changes: &[Change]) -> Self {
        match self.literal {
            Some(path) if changes.iter().any(|change| covers(&path, change)) => {
                Self { path, pick: Pick::Whole, literal: None }
            }
            _ => self,
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// Everything in scope.
    #[default]
    Everything,
    /// What is named; `except` takes away from it. Without `only`, everything in scope but `except`.
    Named {
        /// What is wanted.
        only: Vec<Named>,
        /// What is not.
        except: Vec<Named>,
    },
    /// One word for each path; a path without a word is left.
    Decided(BTreeMap<RelPath, Decision>),
}

/// A word on one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Nothing, everything, or a part.
    pub accept: Accept,
    /// The change that was decided on; if it is another one by now, the word does not hold.
    pub of: Option<Fingerprint>,
}

/// How much of a change is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accept {
    /// Nothing.
    No,
    /// Everything.
    Yes,
    /// These hunks, or lines of them.
    Parts(Vec<HunkPart>),
}

impl Accept {
    /// As a document of decisions says it: `true`, `false`, or numbers of hunks, some with their lines.
    pub fn to_json(&self) -> Value {
        match self {
            Self::No => json!(false),
            Self::Yes => json!(true),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| match &part.lines {
                    None => json!(part.hunk),
                    Some(lines) => json!({"hunk": part.hunk, "lines": lines}),
                })
                .collect(),
        }
    }
}

/// What happens to a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All of it is applied.
    Whole,
    /// These hunks, or lines of them, are applied.
    Parts(Vec<HunkPart>),
    /// All hunks but these are applied.
    AllBut(Vec<usize>),
    /// It is left, for this reason.
    No(&'static str),
}

impl Selection {
    /// What is meant, given what there is: a name that is there goes before hunks of another one.
    #[must_use]
    pub fn among(self, changes: &[Change]) -> Self {
        let each =
            |named: Vec<Named>| named.into_iter().map(|named| named.among(changes)).collect();
        match self {
            Self::Named { only, except } => Self::Named { only: each(only), except: each(except) },
            other => other,
        }
    }

    /// What happens to a change.
    pub fn choose(&self, change: &Change) -> Chosen {
        match self {
            Self::Everything => by_scope(change),
            Self::Named { only, except } => named(only, except, change),
            Self::Decided(words) => match word_on(words, change).map(|word| &word.accept) {
                None | Some(Accept::No) => Chosen::No("not selected"),
                Some(Accept::Yes) => Chosen::Whole,
                Some(Accept::Parts(parts)) if parts.is_empty() => Chosen::No("not selected"),
                Some(Accept::Parts(parts)) => Chosen::Parts(parts.clone()),
            },
        }
    }

    /// Whether something of this change is wanted, and the change was another one when it was decided on.
    pub fn is_stale(&self, change: &Change) -> bool {
        let Self::Decided(words) = self else { return false };
        let word = word_on(words, change).filter(|word| word.accept != Accept::No);
        word.and_then(|word| word.of.as_ref()).is_some_and(|of| *of != change.fingerprint())
    }

    /// Paths that were named and that no change has.
    pub fn unmatched(&self, changes: &[Change]) -> Vec<RelPath> {
        let named: Vec<&RelPath> = match self {
            Self::Everything => Vec::new(),
            Self::Named { only, except } => only.iter().chain(except).map(|n| &n.path).collect(),
            Self::Decided(words) => words.keys().collect(),
        };
        let exact: HashSet<&RelPath> = changes
            .iter()
            .flat_map(|change| std::iter::once(&change.path).chain(&change.old_path))
            .collect();
        let known = |path: &RelPath| {
            exact.contains(path) || changes.iter().any(|change| covers(path, change))
        };
        named.into_iter().filter(|path| !known(path)).cloned().collect()
    }
}

/// The word on this very change, by its new or its old name.
fn word_on<'a>(words: &'a BTreeMap<RelPath, Decision>, change: &Change) -> Option<&'a Decision> {
    words.get(&change.path).or_else(|| words.get(change.old_path.as_ref()?))
}

fn by_scope(change: &Change) -> Chosen {
    match change.scope {
        Scope::In => Chosen::Whole,
        Scope::OutOfScope => Chosen::No("out of scope"),
        Scope::IgnoredOutput => Chosen::No("ignored by git"),
    }
}

/// Whether a word on `path` is about this very change.
fn is_of(change: &Change, path: &RelPath) -> bool {
    change.path == *path || change.old_path.as_ref() == Some(path)
}

/// Whether naming `path` names this change.
fn covers(path: &RelPath, change: &Change) -> bool {
    is_of(change, path) || change.path.is_within(path)
}

fn named(only: &[Named], except: &[Named], change: &Change) -> Chosen {
    let wanted = if only.is_empty() {
        by_scope(change)
    } else {
        // A change that is named itself is applied wherever it is; one that merely lies in a directory
        // that was named must be in scope.
        let exact = only.iter().find(|named| is_of(change, &named.path));
        let below = only.iter().find(|named| covers(&named.path, change));
        match (exact, below) {
            (Some(Named { pick: Pick::Hunks(hunks), .. }), _) => {
                Chosen::Parts(hunks.iter().map(|hunk| HunkPart::whole(*hunk)).collect())
            }
            (Some(_), _) => Chosen::Whole,
            (None, Some(_)) => by_scope(change),
            (None, None) => Chosen::No("not selected"),
        }
    };
    let unwanted = except.iter().find(|named| covers(&named.path, change));
    match (wanted, unwanted.map(|named| &named.pick)) {
        (Chosen::No(reason), _) => Chosen::No(reason),
        (wanted, None) => wanted,
        (_, Some(Pick::Whole)) => Chosen::No("not selected"),
        (Chosen::Parts(mut parts), Some(Pick::Hunks(not))) => {
            parts.retain(|part| !not.contains(&part.hunk));
            if parts.is_empty() { Chosen::No("not selected") } else { Chosen::Parts(parts) }
        }
        (_, Some(Pick::Hunks(not))) => Chosen::AllBut(not.clone()),
    }
}

#[cfg(test)]
mod tests;
