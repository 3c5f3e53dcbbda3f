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
fn a_name_that_is_there_goes_before_hunks_of_another() {
    let word = Named { literal: Some(rel("a#1")), ..name("a", &[1]) };
    let selection = Selection::Named { only: vec![word], except: vec![] };
    let (whole, hunk) = (change("a#1", Scope::In), change("a", Scope::In));
    let both = selection.clone().among(&[whole.clone(), hunk.clone()]);
    assert_eq!(both.choose(&whole), Chosen::Whole);
    assert_eq!(both.choose(&hunk), Chosen::No("not selected"));
    let alone = selection.among(std::slice::from_ref(&hunk));
    assert_eq!(alone.choose(&hunk), Chosen::Parts(vec![HunkPart::whole(1)]));
}

#[test]
fn what_is_named_and_what_is_not() {
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
fn except_takes_hunks_away() {
    let selection = Selection::Named { only: vec![], except: vec![name("a", &[1])] };
    assert_eq!(selection.choose(&change("a", Scope::In)), Chosen::AllBut(vec![1]));
    assert_eq!(selection.choose(&change("b", Scope::In)), Chosen::Whole);
}

#[test]
fn a_path_without_a_word_is_left() {
    let word = Decision { accept: Accept::Parts(vec![HunkPart::whole(1)]), of: None };
    let selection = Selection::Decided([(rel("a"), word)].into());
    assert_eq!(selection.choose(&change("a", Scope::In)), Chosen::Parts(vec![HunkPart::whole(1)]));
    assert_eq!(selection.choose(&change("b", Scope::In)), Chosen::No("not selected"));
}

#[test]
fn a_word_holds_for_the_change_that_it_was_given_on() {
    let reviewed = change("a", Scope::In);
    let word = Decision { accept: Accept::Yes, of: Some(reviewed.fingerprint()) };
    let selection = Selection::Decided([(rel("a"), word)].into());
    assert!(!selection.is_stale(&reviewed));
    let mut later = reviewed;
    later.new = Some(crate::entry::Node::Link { target: b"x".to_vec() });
    assert!(selection.is_stale(&later));
}
