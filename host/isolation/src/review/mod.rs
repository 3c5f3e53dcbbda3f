//! The user's decisions: which changes to apply, and which of their hunks.

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

/// How much of a named path is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// All of it.
    Whole,
    /// These hunks, numbered from 1.
    Hunks(Vec<usize>),
}

/// A path named by the user. A directory includes everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path.
    pub path: RelPath,
    /// How much of it is selected.
    pub pick: Pick,
    /// The user's argument read as a path only, if `path` and `pick` were split from it: a file can be named
    /// `a#1`.
    pub literal: Option<RelPath>,
}

impl Named {
    /// Resolves the name among existing changes.
    fn among(self, changes: &[Change]) -> Self {
        match self.literal {
            Some(path) if changes.iter().any(|change| covers(&path, change)) => {
                Self { path, pick: Pick::Whole, literal: None }
            }
            _ => self,
        }
    }
}

/// The changes to apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selection {
    /// Everything in scope.
    #[default]
    Everything,
    /// Named paths, except those in `except`. If `only` is empty, everything in scope except those.
    Named {
        /// Selected paths.
        only: Vec<Named>,
        /// Excluded paths.
        except: Vec<Named>,
    },
    /// One decision per path. Paths without a decision are left.
    Decided(BTreeMap<RelPath, Decision>),
}

/// The decision on one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// How much of the change is accepted.
    pub accept: Accept,
    /// The change that was reviewed. If it is another one now, the decision is stale.
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
    /// Returns the JSON form: `true`, `false`, or hunk numbers, some with their lines.
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

/// How much of a change is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All of it is applied.
    Whole,
    /// These hunks, or lines of them, are applied.
    Parts(Vec<HunkPart>),
    /// All hunks except these are applied.
    AllBut(Vec<usize>),
    /// The change is left, for this reason.
    No(&'static str),
}

impl Selection {
    /// Resolves names among existing changes. A path that exists takes precedence over hunks of another path.
    #[must_use]
    pub fn among(self, changes: &[Change]) -> Self {
        let each =
            |named: Vec<Named>| named.into_iter().map(|named| named.among(changes)).collect();
        match self {
            Self::Named { only, except } => Self::Named { only: each(only), except: each(except) },
            other => other,
        }
    }

    /// Returns how much of a change is applied.
    pub fn choose(&self, change: &Change) -> Chosen {
        match self {
            Self::Everything => by_scope(change),
            Self::Named { only, except } => named(only, except, change),
            Self::Decided(decisions) => {
                match decision_on(decisions, change).map(|decision| &decision.accept) {
                    None | Some(Accept::No) => Chosen::No("not selected"),
                    Some(Accept::Yes) => Chosen::Whole,
                    Some(Accept::Parts(parts)) if parts.is_empty() => Chosen::No("not selected"),
                    Some(Accept::Parts(parts)) => Chosen::Parts(parts.clone()),
                }
            }
        }
    }

    /// Returns whether a change was accepted in another state than it is in now.
    pub fn is_stale(&self, change: &Change) -> bool {
        let Self::Decided(decisions) = self else { return false };
        let decision =
            decision_on(decisions, change).filter(|decision| decision.accept != Accept::No);
        decision
            .and_then(|decision| decision.of.as_ref())
            .is_some_and(|of| *of != change.fingerprint())
    }

    /// Returns the named paths that have no change.
    pub fn unmatched(&self, changes: &[Change]) -> Vec<RelPath> {
        let named: Vec<&RelPath> = match self {
            Self::Everything => Vec::new(),
            Self::Named { only, except } => only.iter().chain(except).map(|n| &n.path).collect(),
            Self::Decided(decisions) => decisions.keys().collect(),
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

/// Returns the decision on a change, by its new or old path.
fn decision_on<'a>(
    decisions: &'a BTreeMap<RelPath, Decision>,
    change: &Change,
) -> Option<&'a Decision> {
    decisions.get(&change.path).or_else(|| decisions.get(change.old_path.as_ref()?))
}

fn by_scope(change: &Change) -> Chosen {
    match change.scope {
        Scope::In => Chosen::Whole,
        Scope::OutOfScope => Chosen::No("out of scope"),
        Scope::IgnoredOutput => Chosen::No("ignored by git"),
    }
}

/// Returns whether `path` is the new or old path of a change.
fn is_of(change: &Change, path: &RelPath) -> bool {
    change.path == *path || change.old_path.as_ref() == Some(path)
}

/// Returns whether `path` is that of a change or of a directory above it.
fn covers(path: &RelPath, change: &Change) -> bool {
    is_of(change, path) || change.path.is_within(path)
}

fn named(only: &[Named], except: &[Named], change: &Change) -> Chosen {
    let wanted = if only.is_empty() {
        by_scope(change)
    } else {
        // A change that is named exactly is applied in any scope. One below a named directory must be in
        // scope.
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
