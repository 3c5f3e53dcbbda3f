//! What could not be read.

use serde::Serialize;

/// A piece of a run that could not be read, and why. Everything around it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Path below the run's directory, with `/`.
    pub file: String,
    /// Line from 1; 0 for the file as a whole.
    pub line: u64,
    /// What is wrong with it.
    pub message: String,
}

/// How many diagnostics of one file are kept; the last one says that there were more.
pub const DIAGNOSTICS_PER_FILE_MAX: usize = 50;

/// Gathers diagnostics, bounded per file.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    all: Vec<Diagnostic>,
    file: String,
    of_file: usize,
}

impl Diagnostics {
    pub(crate) fn add(&mut self, file: &str, line: u64, message: impl Into<String>) {
        if self.file != file {
            self.file = file.to_string();
            self.of_file = 0;
        }
        self.of_file += 1;
        let message = match self.of_file {
            n if n < DIAGNOSTICS_PER_FILE_MAX => message.into(),
            DIAGNOSTICS_PER_FILE_MAX => {
                "more lines of this file can't be read; they are not listed".into()
            }
            _ => return,
        };
        self.all.push(Diagnostic { file: file.to_string(), line, message });
    }

    pub(crate) fn into_vec(self) -> Vec<Diagnostic> {
        self.all
    }
}
