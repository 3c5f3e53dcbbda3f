//! Compares the workspace with the baseline. Nodes come from a scan, bytes through [`Source`].

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::risks::{self, ContentRisks};
use super::{Change, ChangeStatus, Changeset, Scope, rename};
use crate::baseline::{Baseline, Entry, Origin, Roots, Rules};
use crate::entry::{Content, Hash, Node, Storage};
use crate::path::{RelPath, forbidden_component};
use crate::scan::{Scan, ScannedNode};
use crate::store::StoreError;

/// Source of bytes: the store for the baseline, files for the workspace.
pub trait Source {
    /// Returns the bytes of a file.
    fn bytes(&self, path: &RelPath, content: &Content) -> Result<Vec<u8>, CompareError>;

    /// Reads and hashes a file of the workspace.
    fn look(&self, path: &RelPath) -> Result<FileState, CompareError>;
}

/// The result of reading a file once.
#[derive(Debug, Clone)]
pub struct FileState {
    /// Size and hash.
    pub content: Content,
    /// The bytes, unless the file is too large to be inspected for risks.
    pub bytes: Option<Vec<u8>>,
}

/// Why a comparison failed.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Stored bytes cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the workspace cannot be read.
    #[error("cannot read {path} in the workspace")]
    Workspace {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file changed during the comparison.
    #[error("{path} changed during the comparison: a program is still running in the workspace")]
    Moving {
        /// The file.
        path: String,
    },
}

/// What the workspace is compared with: the baseline, updated by earlier applies.
#[derive(Debug)]
pub struct Effective<'a> {
    /// The baseline.
    pub baseline: &'a Baseline,
    /// Nodes that earlier applies left in the project. `None` if they deleted the path.
    pub delivered: BTreeMap<RelPath, Option<Node>>,
}

impl Effective<'_> {
    /// Returns the node at a path before the agent's changes.
    pub fn node(&self, path: &RelPath) -> Option<&Node> {
        match self.delivered.get(path) {
            Some(node) => node.as_ref(),
            None => self.baseline.find(path).map(|entry| &entry.node),
        }
    }
}

/// Compares a scanned workspace with what the session started from.
pub fn compare(
    before: &Effective<'_>,
    scan: &Scan,
    roots: &Roots,
    scope: &RelPath,
    source: &(dyn Source + Sync),
) -> Result<Changeset, CompareError> {
    let baseline = before.baseline;
    let rules = Rules::new(&baseline.rules, &baseline.repositories, baseline.ignore_case);
    let scoped = |path: &RelPath, is_dir: bool| {
        let origin = baseline.find(path).map(|entry| entry.origin);
        scope_of(path, is_dir, origin, scope, &rules)
    };
    let mut pairs: BTreeMap<RelPath, Option<Node>> = BTreeMap::new();
    let mut unreadable = scan.unreadable.clone();
    let mut git_dirs = HashSet::new();
    let mut insides: HashMap<RelPath, ContentRisks> = HashMap::new();
    let looked = scan.touched.par_iter().map(|(path, now)| {
        let is_dir = matches!(now, ScannedNode::Dir { .. });
        node(path, now, before.node(path), scoped(path, is_dir), source)
    });
    for ((path, now), looked) in scan.touched.iter().zip(looked.collect::<Vec<_>>()) {
        if let ScannedNode::Dir { git: true, .. } = now {
            git_dirs.insert(path.clone());
        }
        match looked {
            Ok((node, inside)) => {
                insides.extend(inside.map(|inside| (path.clone(), inside)));
                pairs.insert(path.clone(), Some(node));
            }
            Err(CompareError::Workspace { source, .. }) => {
                unreadable.push(crate::baseline::NotCarried {
                    path: path.clone(),
                    reason: source.to_string(),
                });
            }
            Err(error) => return Err(error),
        }
    }
    for path in &scan.gone {
        pairs.insert(path.clone(), None);
    }
    for path in before.delivered.keys().filter(|path| !is_touched(scan, path)) {
        let unchanged = baseline.find(path).map(|entry| entry.node.clone());
        pairs.entry(path.clone()).or_insert(unchanged);
    }
    let mut changes = Vec::new();
    for (path, new) in pairs {
        let old = before.node(&path);
        if let Some(status) = status(old, new.as_ref()) {
            let is_dir = new.as_ref().or(old).is_some_and(|n| matches!(n, Node::Dir { .. }));
            let (old, scope) = (old.cloned(), scoped(&path, is_dir));
            let risks = Vec::new();
            changes.push(Change { path, old_path: None, status, old, new, scope, risks });
        }
    }
    drop_implied_dirs(&mut changes, baseline, scan, &git_dirs);
    rename::pair(&mut changes, source)?;
    changes.par_iter_mut().for_each(|change| {
        let seen = insides.get(&change.path).copied();
        change.risks =
            risks::of(change, roots, &git_dirs, || seen.or_else(|| inside(change, source)));
    });
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let files = baseline.entries.iter().filter(|entry| is_file_in(entry, scope)).count() as u64;
    Ok(Changeset { changes, unreadable, baseline_files: files, gone_dirs: Vec::new() })
}

/// Inspects a file that was not read for the comparison.
fn inside(change: &Change, source: &dyn Source) -> Option<ContentRisks> {
    let content = change.new.as_ref().and_then(Node::content)?;
    source.bytes(&change.path, content).ok().map(|bytes| ContentRisks::of(&bytes))
}

/// Compares two trees of nodes. Directories are represented by their contents.
pub fn between(
    old: &BTreeMap<RelPath, Node>,
    new: &BTreeMap<RelPath, Node>,
    scope: &RelPath,
) -> Changeset {
    let paths: std::collections::BTreeSet<&RelPath> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for path in paths {
        let (old, new) = (old.get(path), new.get(path));
        let only_dirs = [old, new].into_iter().flatten().all(|n| matches!(n, Node::Dir { .. }));
        let Some(status) = status(old, new).filter(|_| !only_dirs) else { continue };
        let inside = path.is_within(scope) && forbidden_component(path).is_none();
        changes.push(Change {
            path: path.clone(),
            old_path: None,
            status,
            old: old.cloned(),
            new: new.cloned(),
            scope: if inside { Scope::In } else { Scope::OutOfScope },
            risks: Vec::new(),
        });
    }
    Changeset { changes, ..Changeset::default() }
}

/// Returns whether a path was touched. Scans are ordered by path.
fn is_touched(scan: &Scan, path: &RelPath) -> bool {
    scan.touched.binary_search_by(|(touched, _)| touched.cmp(path)).is_ok()
}

fn is_file_in(entry: &Entry, scope: &RelPath) -> bool {
    entry.origin != Origin::GitInternal
        && !matches!(entry.node, Node::Dir { .. })
        && entry.path.is_within(scope)
}

fn scope_of(
    path: &RelPath,
    is_dir: bool,
    origin: Option<Origin>,
    scope: &RelPath,
    rules: &Rules,
) -> Scope {
    // Metadata of other version control systems is never applied.
    let others = path.components().any(|part| matches!(part, b".hg" | b".svn" | b".jj"));
    if others
        || !path.is_within(scope)
        || origin == Some(Origin::GitInternal)
        || forbidden_component(path).is_some()
    {
        return Scope::OutOfScope;
    }
    let ignored = match origin {
        Some(origin) => origin == Origin::Ignored,
        None => rules.ignores(path, is_dir),
    };
    if ignored { Scope::IgnoredOutput } else { Scope::In }
}

const OWNER_READS: u32 = 0o400;

/// Returns the node at a touched path and the risks in its content. Ignored output is not read unless its
/// size is unchanged or it may be unreadable.
fn node(
    path: &RelPath,
    now: &ScannedNode,
    old: Option<&Node>,
    scope: Scope,
    source: &dyn Source,
) -> Result<(Node, Option<ContentRisks>), CompareError> {
    Ok(match now {
        ScannedNode::Dir { mode, .. } => (Node::Dir { mode: *mode }, None),
        ScannedNode::Link { target } => (Node::Link { target: target.clone() }, None),
        ScannedNode::File { mode, size } => {
            let same_size =
                old.and_then(Node::content).is_some_and(|content| content.size == *size);
            let is_closed = mode & OWNER_READS == 0;
            if scope == Scope::In || same_size || is_closed {
                let FileState { content, bytes } = source.look(path)?;
                let inside = bytes.map(|bytes| ContentRisks::of(&bytes));
                (Node::File { mode: *mode, content }, inside)
            } else {
                let content =
                    Content { size: *size, hash: Hash::UNREAD, place: Storage::Workspace };
                (Node::File { mode: *mode, content }, None)
            }
        }
    })
}

fn status(old: Option<&Node>, new: Option<&Node>) -> Option<ChangeStatus> {
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some(ChangeStatus::Added),
        (Some(_), None) => Some(ChangeStatus::Deleted),
        (Some(old), Some(new)) if old.kind() != new.kind() => Some(ChangeStatus::TypeChanged),
        (Some(old), Some(new)) if old == new => None,
        (Some(Node::Dir { .. }), Some(_)) => Some(ChangeStatus::ModeChanged),
        (Some(Node::File { content: a, .. }), Some(Node::File { content: b, .. })) if a == b => {
            Some(ChangeStatus::ModeChanged)
        }
        (Some(_), Some(_)) => Some(ChangeStatus::Modified),
    }
}

/// Drops directories that are implied by their files. Only empty ones that appeared or disappeared remain.
fn drop_implied_dirs(
    changes: &mut Vec<Change>,
    baseline: &Baseline,
    scan: &Scan,
    git_dirs: &HashSet<RelPath>,
) {
    let full =
        scan.touched.iter().filter(|(_, now)| matches!(now, ScannedNode::Dir { empty: false, .. }));
    let full: HashSet<&RelPath> = full.map(|(path, _)| path).collect();
    let was_full: HashSet<RelPath> =
        baseline.entries.iter().filter_map(|entry| entry.path.parent()).collect();
    changes.retain(|change| match (change.status, &change.old, &change.new) {
        (ChangeStatus::Added, _, Some(Node::Dir { .. })) => {
            git_dirs.contains(&change.path) || !full.contains(&change.path)
        }
        (ChangeStatus::Deleted, Some(Node::Dir { .. }), _) => !was_full.contains(&change.path),
        _ => true,
    });
}
