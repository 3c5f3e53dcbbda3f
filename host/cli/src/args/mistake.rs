//! A command line that can't be understood: what is wrong with it, and what was probably meant.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::Args;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{Manner, Ui};

/// Help and version are answers; anything else is a usage error.
pub(crate) fn explain(mut error: clap::Error) -> Exit {
    let answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !answer {
        suggest(&mut error);
        if wants_json(std::env::args_os()) {
            let color = anstream::ColorChoice::Never;
            let ui = Ui::new(Manner { json: true, quiet: false, verbose: false, color });
            ui.json(&document(&error).to_json());
        }
    }
    // clap writes to the right stream and knows about colour; a closed pipe is nobody's problem.
    drop(error.print());
    if answer { Exit::Done } else { Exit::Usage }
}

/// A verb that stands elsewhere (`massgen analyze`) is worth more than one that looks like it.
fn suggest(error: &mut clap::Error) {
    let wrong = match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(wrong))) => wrong.clone(),
        _ => return,
    };
    let meant = elsewhere(&Args::command(), &wrong);
    if !meant.is_empty() {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(meant));
    }
}

/// Commands below the first level with this name, with their words.
fn elsewhere(top: &Command, name: &str) -> Vec<String> {
    let below = |group: &Command| {
        let words = group.get_name().to_string();
        let verbs = group.get_subcommands().map(|verb| verb.get_name().to_string());
        verbs.filter(|verb| verb == name).map(|verb| format!("{words} {verb}")).collect::<Vec<_>>()
    };
    top.get_subcommands().flat_map(below).collect()
}

/// Whether a script reads the answer.
fn wants_json(args: impl Iterator<Item = OsString>) -> bool {
    args.skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json")
}

/// The same as an error of a command.
fn document(error: &clap::Error) -> CommandError {
    let text = error.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let usage = CommandError::usage(first.trim_start_matches("error: "));
    let tips = rest.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    tips.fold(usage, CommandError::hint)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn mistake(words: &[&str]) -> CommandError {
        let mut error = Args::try_parse_from(words).unwrap_err();
        suggest(&mut error);
        document(&error)
    }

    #[test]
    fn a_verb_without_its_group_is_found() {
        let error = mistake(&["massgen", "analyze"]);
        assert_eq!(error.hints, ["a similar subcommand exists: 'logs analyze'"]);
        let error = mistake(&["massgen", "list"]);
        assert!(error.hints[0].contains("'logs list'") && error.hints[0].contains("'plugin list'"));
        let error = mistake(&["massgen", "logs", "analyse"]);
        assert_eq!(error.hints, ["a similar subcommand exists: 'analyze'"]);
        assert_eq!((error.exit, error.kind), (Exit::Usage, "usage"));
    }

    #[test]
    fn what_belongs_to_an_agent_asks_us_for_nothing() {
        let asks = |words: &[&str]| wants_json(words.iter().map(OsString::from));
        assert!(asks(&["massgen", "logs", "--json", "nonsense"]));
        assert!(!asks(&["massgen", "isolate", "run", "--", "agent", "--json"]));
    }
}
