//! What a person decided: which changes, and of a change which hunks.

mod decisions;

pub use decisions::{DecisionsError, parse};

use crate::changeset::{Change, Scope};
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
    Decided(Vec<Decided>),
}

/// A word on one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The path.
    pub path: RelPath,
    /// Nothing, everything, or these hunks.
    pub accept: Accept,
}

/// How much of a change is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accept {
    /// Nothing.
    No,
    /// Everything.
    Yes,
    /// These hunks.
    Hunks(Vec<usize>),
}

/// What happens to a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All of it is applied.
    Whole,
    /// These hunks are applied.
    Hunks(Vec<usize>),
    /// All hunks but these are applied.
    AllBut(Vec<usize>),
    /// It is left, for this reason.
    No(&'static str),
}

impl Selection {
    /// What happens to a change.
    pub fn choose(&self, change: &Change) -> Chosen {
        match self {
            Self::Everything => by_scope(change),
            Self::Named { only, except } => named(only, except, change),
            Self::Decided(words) => {
                let word = words.iter().find(|word| is_of(change, &word.path));
                match word.map(|word| &word.accept) {
                    None | Some(Accept::No) => Chosen::No("not selected"),
                    Some(Accept::Yes) => Chosen::Whole,
                    Some(Accept::Hunks(hunks)) if hunks.is_empty() => Chosen::No("not selected"),
                    Some(Accept::Hunks(hunks)) => Chosen::Hunks(hunks.clone()),
                }
            }
        }
    }

    /// Paths that were named and that no change has.
    pub fn unmatched(&self, changes: &[Change]) -> Vec<RelPath> {
        let named: Vec<&RelPath> = match self {
            Self::Everything => Vec::new(),
            Self::Named { only, except } => only.iter().chain(except).map(|n| &n.path).collect(),
            Self::Decided(words) => words.iter().map(|word| &word.path).collect(),
        };
        let known = |path: &RelPath| changes.iter().any(|change| covers(path, change));
        named.into_iter().filter(|path| !known(path)).cloned().collect()
    }
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
            (Some(Named { pick: Pick::Hunks(hunks), .. }), _) => Chosen::Hunks(hunks.clone()),
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
        (Chosen::Hunks(mut hunks), Some(Pick::Hunks(not))) => {
            hunks.retain(|hunk| !not.contains(hunk));
            if hunks.is_empty() { Chosen::No("not selected") } else { Chosen::Hunks(hunks) }
        }
        (_, Some(Pick::Hunks(not))) => Chosen::AllBut(not.clone()),
    }
}

#[cfg(test)]
mod tests;
