use super::*;
use crate::changeset::{ChangeStatus, HunkPart};

fn rel(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

fn change(path: &str, scope: Scope) -> Change {
    Change {
        path: rel(path),
        old_path: None,
        status: ChangeStatus::Modified,
        old: None,
        new: None,
        scope,
        risks: Vec::new(),
    }
}

fn name(path: &str, hunks: &[usize]) -> Named {
    let pick = if hunks.is_empty() { Pick::Whole } else { Pick::Hunks(hunks.to_vec()) };
    Named { path: rel(path), pick, literal: None }
}

#[test]
fn an_existing_path_takes_precedence_over_hunks_of_another() {
    let decision = Named { literal: Some(rel("a#1")), ..name("a", &[1]) };
    let selection = Selection::Named { only: vec![decision], except: vec![] };
    let (whole, hunk) = (change("a#1", Scope::In), change("a", Scope::In));
    let both = selection.clone().among(&[whole.clone(), hunk.clone()]);
    assert_eq!(both.choose(&whole), Chosen::Whole);
    assert_eq!(both.choose(&hunk), Chosen::No("not selected"));
    let alone = selection.among(std::slice::from_ref(&hunk));
    assert_eq!(alone.choose(&hunk), Chosen::Parts(vec![HunkPart::whole(1)]));
}

#[test]
fn named_paths_are_selected_and_others_are_not() {
    let selection = Selection::Named {
        only: vec![name("src", &[]), name("a", &[2])],
        except: vec![name("src/gen", &[])],
    };
    for (path, scope, expect) in [
        ("src/x", Scope::In, Chosen::Whole),
        ("src/gen/y", Scope::In, Chosen::No("not selected")),
        ("src/target", Scope::IgnoredOutput, Chosen::No("ignored by git")),
        ("a", Scope::OutOfScope, Chosen::Parts(vec![HunkPart::whole(2)])),
        ("b", Scope::In, Chosen::No("not selected")),
    ] {
        assert_eq!(selection.choose(&change(path, scope)), expect, "{path}");
    }
    assert_eq!(selection.unmatched(&[change("src/x", Scope::In)]), [rel("a"), rel("src/gen")]);
}

#[test]
fn except_excludes_hunks() {
    let selection = Selection::Named { only: vec![], except: vec![name("a", &[1])] };
    assert_eq!(selection.choose(&change("a", Scope::In)), Chosen::AllBut(vec![1]));
    assert_eq!(selection.choose(&change("b", Scope::In)), Chosen::Whole);
}

#[test]
fn a_path_without_a_decision_is_left() {
    let decision = Decision { accept: Accept::Parts(vec![HunkPart::whole(1)]), of: None };
    let selection = Selection::Decided([(rel("a"), decision)].into());
    assert_eq!(selection.choose(&change("a", Scope::In)), Chosen::Parts(vec![HunkPart::whole(1)]));
    assert_eq!(selection.choose(&change("b", Scope::In)), Chosen::No("not selected"));
}

#[test]
fn a_decision_is_stale_for_a_later_change() {
    let reviewed = change("a", Scope::In);
    let decision = Decision { accept: Accept::Yes, of: Some(reviewed.fingerprint()) };
    let selection = Selection::Decided([(rel("a"), decision)].into());
    assert!(!selection.is_stale(&reviewed));
    let mut later = reviewed;
    later.new = Some(crate::entry::Node::Link { target: b"x".to_vec() });
    assert!(selection.is_stale(&later));
}
