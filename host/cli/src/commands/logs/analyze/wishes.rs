//! What the user wants of a report: what to look at most, and words of their own.

use std::io::Read;
use std::path::Path;

use massgen_analysis::prompt::{Focus, PromptOptions};

use super::{AnalyzeArgs, FocusOn};
use crate::app::App;
use massgen_terminal::CommandError;

/// Most characters of the user's own words: they are paid for with every request.
const WORDS_MAX: usize = 20_000;

pub(super) fn of(app: &App, args: &AnalyzeArgs) -> Result<PromptOptions, CommandError> {
    let extra = args.prompt_file.as_deref().map(|file| words(app, file)).transpose()?;
    let focus = args.focus.iter().map(|focus| match focus {
        FocusOn::Correctness => Focus::Correctness,
        FocusOn::Efficiency => Focus::Efficiency,
        FocusOn::Behavior => Focus::Behavior,
        FocusOn::Cost => Focus::Cost,
    });
    Ok(PromptOptions { focus: focus.collect(), extra })
}

/// The words of a file, or of a pipe.
fn words(app: &App, file: &Path) -> Result<String, CommandError> {
    let path = app.environment.path(file);
    let text = read(file, &path).map_err(|error| {
        CommandError::usage(format!("{} can't be read", shown(file, &path)))
            .because(&error)
            .hint("--prompt-file takes a text file in UTF-8, or - for what is piped in")
    })?;
    let wrong = |what: String| {
        CommandError::usage(format!("{} {what}", shown(file, &path)))
            .hint("--prompt-file takes what the model is to look at, in words of your own")
    };
    if text.trim().is_empty() {
        return Err(wrong("is empty".into()));
    }
    if text.chars().count() > WORDS_MAX {
        return Err(wrong(format!("has more than {WORDS_MAX} characters, the most that are sent")));
    }
    Ok(text)
}

fn read(file: &Path, path: &Path) -> std::io::Result<String> {
    // As much as the characters may have, and one more to know that there are too many.
    let most = 4 * WORDS_MAX as u64 + 1;
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    let cut = bytes.len() as u64 == most;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The last character was cut, which makes the text too long and not wrong.
        Err(error) if cut && error.utf8_error().error_len().is_none() => {
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        Err(_) => Err(std::io::Error::other("it is no text in UTF-8")),
    }
}

fn shown(file: &Path, path: &Path) -> String {
    if file.as_os_str() == "-" { "what was piped in".into() } else { path.display().to_string() }
}
