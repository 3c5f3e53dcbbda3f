//! README and guides, played: every command that they show is typed in its order, in a project as they tell of
//! one, and has to print what they say. `plugin-authors.md` has a test of its own, in `plugins.rs`.

mod document;
mod stage;

use document::{Call, calls, shown};
use stage::Stage;

type Setting = fn() -> Stage;

/// Commands that are shown and not played, each with its reason.
const NOT_PLAYED: &[(&str, &str, &str)] = &[
    ("README.md", "massgen logs compare A B", "stand for two runs; docs/logs.md compares some"),
    ("README.md", "rustup target add", "builds the program that is under test here"),
    ("README.md", "./test", "runs this test"),
    (
        "README.md",
        "massgen isolate review @last",
        "a screen; tests/terminal and tests/browser type",
    ),
    ("CONTRIBUTING.md", "rustup target add", "changes the toolchain of the machine"),
    ("CONTRIBUTING.md", "./test", "runs this test"),
    ("docs/PERFORMANCE.md", "massgen ", "rows of figures; benchmarks measure them"),
    ("docs/PERFORMANCE.md", "python3 -m venv", "installs programs of others, a gigabyte of them"),
    ("docs/PERFORMANCE.md", "target/peers-venv", "compiles what that installed"),
    ("docs/PERFORMANCE.md", "python3 tests/bench", "measures for a quarter of an hour"),
    ("docs/isolation.md", "massgen isolate review", "a screen; tests/terminal types"),
    ("docs/json.md", "massgen auth test", "asks a service for its list of models"),
    ("docs/logs.md", "massgen logs open", "starts a program of the desktop"),
    ("docs/releasing.md", "", "publishes a release"),
    ("docs/plugin-authors.md", "", "played by tests/e2e/plugins.rs, fake service included"),
];

/// Every document with commands, and what is there when they are typed.
const STAGES: &[(&str, Setting)] = &[
    ("README.md", stage::tour),
    ("docs/logs.md", stage::runs),
    ("docs/json.md", stage::everything),
    ("docs/exports.md", stage::runs),
    ("docs/record-gaps.md", stage::three_agents),
    ("docs/isolation.md", stage::agents),
];

fn is_played(call: &Call) -> bool {
    !NOT_PLAYED.iter().any(|(doc, start, _)| call.doc == *doc && call.command.starts_with(start))
}

fn play(doc: &str) {
    let (_, stage) = STAGES.iter().find(|(name, _)| *name == doc).unwrap();
    let played: Vec<Call> = calls(doc).into_iter().filter(is_played).collect();
    assert!(!played.is_empty(), "{doc} has no command to play");
    let printed = stage().type_all(&played);
    let mut problems = Vec::new();
    for (call, (text, code)) in played.iter().zip(&printed) {
        let place = format!("{}:{}: {}", call.doc, call.line, call.command);
        if *code != 0 {
            problems.push(format!("{place}\n  ends with {code}:\n{text}"));
        } else if let Some(expect) = &call.prints
            && let Err(why) = shown(expect, text)
        {
            problems.push(format!("{place}\n  {why}; it prints:\n{text}"));
        } else if doc == "docs/json.md"
            && let Err(why) = document::listed(&call.row, text)
        {
            problems.push(format!("{place}\n  {why}"));
        }
    }
    assert_eq!(printed.len(), played.len(), "{doc}: the shell ended early: {printed:#?}");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_readme_does_what_it_says() {
    play("README.md");
}

#[test]
fn the_guide_to_logs_does_what_it_says() {
    play("docs/logs.md");
}

#[test]
fn the_guide_to_exports_does_what_it_says() {
    play("docs/exports.md");
}

#[test]
fn pictures_of_timelines_are_what_is_drawn() {
    play("docs/record-gaps.md");
}

#[test]
fn the_guide_to_isolation_does_what_it_says() {
    play("docs/isolation.md");
}

#[test]
fn documents_have_the_fields_that_are_listed() {
    play("docs/json.md");
}

#[test]
fn no_command_of_a_document_is_forgotten() {
    let mut problems = Vec::new();
    for doc in document::all() {
        let has_stage = STAGES.iter().any(|(name, _)| *name == doc);
        let shown = calls(&doc);
        for call in shown.iter().filter(|call| is_played(call) && !has_stage) {
            problems.push(format!("{doc}:{}: {}: nobody plays it", call.line, call.command));
        }
        for line in document::hidden(&doc) {
            problems.push(format!("{doc}: {line}: a command in a block of text; say `console`"));
        }
        for (_, start, _) in NOT_PLAYED.iter().filter(|(name, ..)| *name == doc) {
            if !shown.iter().any(|call| call.command.starts_with(start)) {
                problems.push(format!("{doc} has no command {start:?} any more"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
