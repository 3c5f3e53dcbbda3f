use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::*;
use crate::changeset::{Change, ChangeStatus, Changeset, FileState, Scope, Source};
use crate::entry::{Hash, Storage};
use crate::review::Selection;

/// A tree in memory.
#[derive(Default)]
struct Tree(BTreeMap<RelPath, (u32, Vec<u8>)>);

impl Target for Tree {
    fn node(&self, path: &RelPath) -> Result<Option<Node>, PlanError> {
        if let Some((mode, bytes)) = self.0.get(path) {
            return Ok(Some(file(*mode, bytes)));
        }
        let is_dir = self.0.keys().any(|known| known.is_within(path));
        Ok(is_dir.then_some(Node::Dir { mode: 0o755 }))
    }
    fn bytes(&self, path: &RelPath) -> Result<Vec<u8>, PlanError> {
        Ok(self.0[path].1.clone())
    }
    fn names(&self, path: &RelPath) -> Result<Vec<Vec<u8>>, PlanError> {
        let below = self.0.keys().filter(|known| known.is_within(path));
        Ok(below.map(|known| known.components().nth(path.depth()).unwrap().to_vec()).collect())
    }
}

#[derive(Default)]
struct Memory(RefCell<HashMap<Hash, Vec<u8>>>);

impl BlobStore for Memory {
    fn keep(&self, bytes: &[u8]) -> Result<Content, StoreError> {
        self.0.borrow_mut().insert(Hash::of(bytes), bytes.to_vec());
        Ok(content(bytes))
    }
    fn read(&self, content: &Content) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.borrow()[&content.hash].clone())
    }
}

impl Source for Memory {
    fn bytes(&self, _: &RelPath, content: &Content) -> Result<Vec<u8>, CompareError> {
        Ok(self.0.borrow()[&content.hash].clone())
    }
    fn look(&self, _: &RelPath) -> Result<FileState, CompareError> {
        unreachable!("planning does not read the workspace")
    }
}

fn content(bytes: &[u8]) -> Content {
    Content { size: bytes.len() as u64, hash: Hash::of(bytes), place: Storage::Loose }
}

fn file(mode: u32, bytes: &[u8]) -> Node {
    Node::File { mode, content: content(bytes) }
}

fn rel(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

/// Plans one change of a file against a tree.
fn plan(
    tree: &[(&str, &str)],
    path: &str,
    old: Option<&str>,
    new: Option<&str>,
    on_drift: OnDrift,
) -> Plan {
    let memory = Memory::default();
    let keep = |text: Option<&str>| {
        text.map(|text| Node::File { mode: 0o644, content: memory.keep(text.as_bytes()).unwrap() })
    };
    let change = Change {
        path: rel(path),
        old_path: None,
        status: ChangeStatus::Modified,
        old: keep(old),
        new: keep(new),
        scope: Scope::In,
        risks: vec![],
    };
    let changes = Changeset { changes: vec![change], ..Changeset::default() };
    let tree = Tree(
        tree.iter().map(|(path, text)| (rel(path), (0o644, text.as_bytes().to_vec()))).collect(),
    );
    let mut plan = Plan::default();
    let builder =
        PlanBuilder { target: &tree, blobs: &memory, on_drift, unmerged: &BTreeSet::new() };
    let contribution = Contribution {
        session: "s",
        changes: &changes,
        source: &memory,
        selection: &Selection::Everything,
    };
    builder.add(&mut plan, &contribution).unwrap();
    plan
}

#[test]
fn a_change_to_an_unchanged_project_is_planned() {
    let plan = plan(&[("a", "1\n")], "a", Some("1\n"), Some("2\n"), OnDrift::Refuse);
    assert_eq!(plan.applied, [rel("a")]);
    assert_eq!(plan.ops[&rel("a")].before, Some(file(0o644, b"1\n")));
    assert_eq!(plan.ops[&rel("a")].after, Some(file(0o644, b"2\n")));
}

#[test]
fn every_kind_of_drift_is_refused() {
    for (tree, old, new, reason) in [
        (&[("a", "x")][..], Some("1"), Some("2"), "changed in the project"),
        (&[], Some("1"), Some("2"), "deleted in the project"),
        (&[("a", "x")], None, Some("2"), "also added in the project"),
        (&[("a", "x")], Some("1"), None, "changed in the project"),
        (&[("a/b", "x")], None, Some("2"), "also added in the project"),
    ] {
        let plan = plan(tree, "a", old, new, OnDrift::Refuse);
        assert!(plan.ops.is_empty() && plan.applied.is_empty());
        assert!(plan.conflicts[0].reason.contains(reason), "{:?}", plan.conflicts);
    }
}

#[test]
fn a_change_already_in_the_project_needs_no_write() {
    let plan = plan(&[("a", "2")], "a", Some("1"), Some("2"), OnDrift::Refuse);
    assert!(plan.ops.is_empty() && plan.conflicts.is_empty());
    assert_eq!(plan.applied, [rel("a")]);
}

#[test]
fn drift_elsewhere_in_the_file_is_merged_on_request() {
    let base = "1\n2\n3\n4\n5\n6\n7\n";
    let (ours, theirs) = (base.replace('1', "one"), base.replace('7', "seven"));
    let merged = plan(&[("a", &ours)], "a", Some(base), Some(&theirs), OnDrift::Merge);
    let both = ours.replace('7', "seven");
    assert_eq!(merged.ops[&rel("a")].after, Some(file(0o644, both.as_bytes())));
    // The delivery is the session's version, without the user's edit.
    assert_eq!(merged.deliveries[0].node, Some(file(0o644, theirs.as_bytes())));
    let clash = plan(&[("a", "x\n")], "a", Some(base), Some(&theirs), OnDrift::Merge);
    assert!(clash.ops.is_empty() && clash.conflicts.len() == 1);
}

#[test]
fn missing_directories_are_planned_with_their_files() {
    let plan = plan(&[("z", "")], "a/b/c", None, Some("1"), OnDrift::Refuse);
    let paths: Vec<_> = plan.ops.keys().map(RelPath::lossy).collect();
    assert_eq!(paths, ["a", "a/b", "a/b/c"]);
}
