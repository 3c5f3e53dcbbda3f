//! What help and documents say about commands, held against the commands themselves.

use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};

use super::Args;

/// Every command below one, itself included, with its words.
fn commands(command: &Command, words: &str, found: &mut Vec<(String, Command)>) {
    found.push((words.to_string(), command.clone()));
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        commands(sub, &format!("{words} {}", sub.get_name()), found);
    }
}

fn all() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    commands(&Args::command(), "massgen", &mut found);
    found
}

/// The calls of this program in a line of a shell: pipes, redirections and what follows two spaces left away.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let line = line.split("  ").next().unwrap_or_default();
    let words = shlex::split(line).unwrap_or_default();
    words
        .split(|word| ["|", "&&", ";"].contains(&word.as_str()))
        .map(|call| {
            call.iter()
                .take_while(|word| ![">", "<"].contains(&word.as_str()))
                .cloned()
                .collect::<Vec<_>>()
        })
        .filter(|call| call.first().is_some_and(|word| word == "massgen"))
        .collect()
}

fn parse(call: &[String]) -> Result<(), clap::Error> {
    match Args::try_parse_from(call) {
        Err(error)
            if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

#[test]
fn every_command_has_examples_that_are_understood() {
    let mut problems = Vec::new();
    for (words, command) in all() {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let calls: Vec<_> = after.lines().flat_map(calls).collect();
        if calls.is_empty() {
            problems.push(format!("{words}: its help has no example"));
        }
        for call in calls {
            if let Err(error) = parse(&call) {
                problems.push(format!("{words}: {}: {error}", call.join(" ")));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn examples_fit_a_narrow_terminal() {
    let mut problems = Vec::new();
    for (words, command) in all() {
        let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = after.lines().filter(|line| line.starts_with(' '));
        let wide = examples.filter(|line| line.chars().count() > 80);
        problems.extend(wide.map(|line| format!("{words}: {line}")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README and everything below `docs`.
fn documents() -> Vec<(String, String)> {
    let mut found = vec![root().join("README.md")];
    for folder in ["docs", "docs/decisions", "wit"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        found.extend(entries.map(|entry| entry.unwrap().path()));
    }
    found.retain(|path| path.extension().is_some_and(|end| end == "md"));
    found
        .iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// A line of a block is a whole command. What stands within a sentence may leave out what a command needs,
/// and name several verbs at once: `massgen auth set|remove`.
#[test]
fn every_command_of_the_documents_is_understood() {
    let mut problems = Vec::new();
    let mut seen = 0;
    for (path, text) in documents() {
        let mut in_block = false;
        for line in text.lines() {
            if line.starts_with("```") {
                in_block = !in_block;
                continue;
            }
            if in_block {
                for call in calls(line) {
                    seen += 1;
                    if let Err(error) = parse(&call) {
                        problems.push(format!("{path}: {line}: {error}"));
                    }
                }
                continue;
            }
            for span in line.split('`').skip(1).step_by(2) {
                let spans = calls(&span.replace('|', "\u{1}"));
                for call in spans.iter().flat_map(|call| alternatives(call)) {
                    seen += 1;
                    if let Err(error) = parse(&call)
                        && !lacks_something(&error)
                    {
                        problems.push(format!("{path}: {span}: {error}"));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(
        seen > 50,
        "only {seen} commands were found: is this still the place of the documents?"
    );
}

/// What is said is right, and not all that a command needs.
fn lacks_something(error: &clap::Error) -> bool {
    match error.kind() {
        ErrorKind::MissingRequiredArgument
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
        _ => matches!(
            error.get(ContextKind::InvalidValue),
            Some(ContextValue::String(value)) if value.is_empty()
        ),
    }
}

fn alternatives(call: &[String]) -> Vec<Vec<String>> {
    call.iter().fold(vec![Vec::new()], |calls, word| {
        let with = |call: &Vec<String>, one: &str| {
            call.iter().cloned().chain([one.to_string()]).collect::<Vec<_>>()
        };
        let words = || word.split('\u{1}').map(str::trim).filter(|word| !word.is_empty());
        calls.iter().flat_map(|call| words().map(|one| with(call, one))).collect()
    })
}

/// Every flag that takes a duration, as a command line in which `D` stands for it.
const DURATION_FLAGS: &[&str] = &[
    "massgen isolate run --timeout=D -- true",
    "massgen isolate exec x --timeout=D -- true",
    "massgen isolate review x --web --idle=D",
    "massgen isolate gc --older-than=D",
    "massgen logs analyze --timeout=D",
];

#[test]
fn every_duration_flag_accepts_the_same_durations() {
    for flag in DURATION_FLAGS {
        let parse = |text: &str| {
            let words = flag.split(' ').map(|word| word.replace("=D", &format!("={text}")));
            Args::try_parse_from(words).map(|_| ()).map_err(|error| error.to_string())
        };
        for text in ["90s", "10m", "1h", "1h30m", "1d", "7d", "500ms", "2", "0.5s", "1w"] {
            assert_eq!(parse(text), Ok(()), "{flag} with {text}");
        }
        for text in ["", "fast", "-1s", "10 parsecs", "NaN", "1e400s"] {
            assert!(parse(text).is_err(), "{flag} with {text:?}");
        }
        let error = parse("soon").unwrap_err();
        assert!(error.contains("such as 90s, 10m, 1h30m or 7d"), "{flag}: {error}");
    }
}
