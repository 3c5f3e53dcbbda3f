//! Detects renames: a deleted and an added path with equal bytes, or with mostly equal lines.

use std::collections::HashMap;

use super::{Change, ChangeStatus, CompareError, Scope, Source};
use crate::entry::{Content, Hash, Node};

/// Minimum share of common lines, as in git.
const ALIKE_MIN: f64 = 0.5;
/// Above this number of candidates, only equal bytes are detected.
const CANDIDATES_MAX: usize = 200;
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Replaces pairs of deletions and additions by renames.
pub(super) fn pair(changes: &mut Vec<Change>, source: &dyn Source) -> Result<(), CompareError> {
    let of = |status, side: fn(&Change) -> &Option<Node>| {
        let candidates = changes.iter().enumerate().filter(move |(_, change)| {
            change.status == status
                && change.scope == Scope::In
                && side(change).as_ref().and_then(Node::content).is_some_and(|c| c.size > 0)
        });
        candidates.map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let mut gone = of(ChangeStatus::Deleted, |change| &change.old);
    let mut new = of(ChangeStatus::Added, |change| &change.new);
    let mut pairs = same_bytes(changes, &mut gone, &mut new);
    if gone.len() <= CANDIDATES_MAX && new.len() <= CANDIDATES_MAX {
        pairs.extend(alike(changes, &gone, &new, source)?);
    }
    let mut dropped = Vec::new();
    for (from, to) in pairs {
        let (old, old_path) = (changes[from].old.clone(), changes[from].path.clone());
        let change = &mut changes[to];
        (change.old, change.old_path, change.status) = (old, Some(old_path), ChangeStatus::Renamed);
        dropped.push(from);
    }
    dropped.sort_unstable();
    for at in dropped.into_iter().rev() {
        changes.remove(at);
    }
    Ok(())
}

fn content(node: &Option<Node>) -> Option<Content> {
    node.as_ref().and_then(Node::content).copied()
}

/// Removes pairs with equal bytes from both lists and returns them. Equal file names are preferred.
fn same_bytes(
    changes: &[Change],
    gone: &mut Vec<usize>,
    new: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    let mut by_hash: HashMap<Hash, Vec<usize>> = HashMap::new();
    for at in gone.iter() {
        if let Some(content) = content(&changes[*at].old) {
            by_hash.entry(content.hash).or_default().push(*at);
        }
    }
    let mut pairs = Vec::new();
    new.retain(|to| {
        let Some(content) = content(&changes[*to].new) else { return true };
        let Some(candidates) = by_hash.get_mut(&content.hash).filter(|c| !c.is_empty()) else {
            return true;
        };
        let name = changes[*to].path.name();
        let best =
            candidates.iter().position(|from| changes[*from].path.name() == name).unwrap_or(0);
        pairs.push((candidates.remove(best), *to));
        false
    });
    gone.retain(|from| !pairs.iter().any(|(taken, _)| taken == from));
    pairs
}

type Lines = HashMap<u64, usize>;

fn alike(
    changes: &[Change],
    gone: &[usize],
    new: &[usize],
    source: &dyn Source,
) -> Result<Vec<(usize, usize)>, CompareError> {
    let lines = |at: usize, side: &Option<Node>| -> Result<Option<Lines>, CompareError> {
        let Some(content) = content(side).filter(|content| content.size <= TEXT_BYTES_MAX) else {
            return Ok(None);
        };
        let bytes = source.bytes(&changes[at].path, &content)?;
        Ok((!bytes.contains(&0)).then(|| count_lines(&bytes)))
    };
    if gone.is_empty() || new.is_empty() {
        return Ok(Vec::new());
    }
    let mut old_lines = Vec::new();
    for at in gone {
        old_lines.push((*at, lines(*at, &changes[*at].old)?));
    }
    let mut scored = Vec::new();
    for to in new {
        let Some(new_lines) = lines(*to, &changes[*to].new)? else { continue };
        for (from, old_lines) in &old_lines {
            let Some(old_lines) = old_lines else { continue };
            let score = likeness(old_lines, &new_lines);
            if score >= ALIKE_MIN {
                scored.push((score, *from, *to));
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, from, to) in scored {
        if !pairs.iter().any(|(f, t)| *f == from || *t == to) {
            pairs.push((from, to));
        }
    }
    Ok(pairs)
}

fn count_lines(bytes: &[u8]) -> Lines {
    use std::hash::{DefaultHasher, Hasher};
    let mut counts = Lines::new();
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let mut hasher = DefaultHasher::new();
        hasher.write(line);
        *counts.entry(hasher.finish()).or_default() += 1;
    }
    counts
}

/// Returns the share of common lines in the longer text.
fn likeness(a: &Lines, b: &Lines) -> f64 {
    let shared: usize = a.iter().map(|(line, n)| (*n).min(b.get(line).copied().unwrap_or(0))).sum();
    let longer = a.values().sum::<usize>().max(b.values().sum());
    if longer == 0 { 0.0 } else { shared as f64 / longer as f64 }
}
