use super::*;
use crate::changeset::Status;

fn rel(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

fn change(path: &str, scope: Scope) -> Change {
    Change {
        path: rel(path),
        old_path: None,
        status: Status::Modified,
        old: None,
        new: None,
        scope,
        risks: Vec::new(),
    }
}

fn name(path: &str, hunks: &[usize]) -> Named {
    let pick = if hunks.is_empty() { Pick::Whole } else { Pick::Hunks(hunks.to_vec()) };
    Named { path: rel(path), pick }
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
        ("a", Scope::OutOfScope, Chosen::Hunks(vec![2])),
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
    let words = vec![Decided { path: rel("a"), accept: Accept::Hunks(vec![1]) }];
    let selection = Selection::Decided(words);
    assert_eq!(selection.choose(&change("a", Scope::In)), Chosen::Hunks(vec![1]));
    assert_eq!(selection.choose(&change("b", Scope::In)), Chosen::No("not selected"));
}
