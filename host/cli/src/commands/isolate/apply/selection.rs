//! What is selected on the command line: `--only`, `--except`, `--decisions`.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use massgen_isolation::path::RelPath;
use massgen_isolation::review::{self, Named, Pick, Selection};

use crate::app::App;
use massgen_terminal::CommandError;

/// Which changes
#[derive(Debug, clap::Args)]
pub(super) struct SelectionArgs {
    /// Apply only this path or these hunks: PATH or PATH#2,3
    #[arg(long, value_name = "PATH[#H,H]")]
    only: Vec<OsString>,
    /// Exclude this path or these hunks
    #[arg(long, value_name = "PATH[#H,H]")]
    except: Vec<OsString>,
    /// Decisions as JSON, from a file or from stdin (-)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "except"])]
    decisions: Option<PathBuf>,
}

/// More decisions than this are not read.
const DECISIONS_BYTES_MAX: u64 = 64 << 20;

impl SelectionArgs {
    /// What was selected.
    pub(super) fn selection(&self, app: &App) -> Result<Selection, CommandError> {
        if let Some(file) = &self.decisions {
            let json = read(app, file)?;
            return review::parse(&json).map_err(|error| {
                CommandError::usage(error.to_string())
                    .because_source(&error)
                    .hint(r#"they have the form {"decisions":[{"path":"src/a.rs","accept":true}]}"#)
            });
        }
        if self.only.is_empty() && self.except.is_empty() {
            return Ok(Selection::Everything);
        }
        let named = |words: &[OsString]| words.iter().map(parse).collect::<Result<_, _>>();
        Ok(Selection::Named { only: named(&self.only)?, except: named(&self.except)? })
    }
}

fn read(app: &App, file: &std::path::Path) -> Result<Vec<u8>, CommandError> {
    let mut json = Vec::new();
    let result = if file.as_os_str() == "-" {
        std::io::stdin().take(DECISIONS_BYTES_MAX).read_to_end(&mut json)
    } else {
        std::fs::File::open(app.environment.path(file))
            .and_then(|file| file.take(DECISIONS_BYTES_MAX).read_to_end(&mut json))
    };
    result.map_err(|error| {
        CommandError::failed("decisions", format!("{} can't be read", file.display()))
            .because(&error)
    })?;
    Ok(json)
}

/// `PATH` or `PATH#2,3`. A `#` that no numbers follow belongs to the name; one that numbers follow may.
fn parse(word: &OsString) -> Result<Named, CommandError> {
    let bytes = word.as_bytes();
    let hash = bytes.iter().rposition(|b| *b == b'#');
    Ok(match hash.and_then(|at| Some((&bytes[..at], hunks(&bytes[at + 1..])?))) {
        Some((path, hunks)) => {
            Named { path: named(path)?, pick: Pick::Hunks(hunks), literal: Some(named(bytes)?) }
        }
        None => Named { path: named(bytes)?, pick: Pick::Whole, literal: None },
    })
}

fn named(path: &[u8]) -> Result<RelPath, CommandError> {
    RelPath::new(path).map_err(|error| {
        CommandError::usage(error.to_string()).hint("paths are those that `isolate diff` shows")
    })
}

fn hunks(text: &[u8]) -> Option<Vec<usize>> {
    let text = std::str::from_utf8(text).ok()?;
    let numbers: Option<Vec<usize>> = text.split(',').map(|number| number.parse().ok()).collect();
    numbers.filter(|numbers| !numbers.contains(&0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_numbers_behind_the_last_hash() {
        let named = |text: &str| parse(&OsString::from(text)).unwrap();
        assert_eq!(named("a/b#2,3").pick, Pick::Hunks(vec![2, 3]));
        assert_eq!(named("a/b#2,3").path.lossy(), "a/b");
        assert_eq!(named("c#").path.lossy(), "c#");
        assert_eq!(named("issue#x").pick, Pick::Whole);
        assert!(parse(&OsString::from("../a")).is_err());
    }
}
