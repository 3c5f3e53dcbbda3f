//! Diagnostics: unreadable parts of a run.

use serde::Serialize;

/// A part of a run that could not be read. Everything around it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Path below the run's directory, with `/`.
    pub file: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// Reason.
    pub message: String,
}

/// Maximum number of diagnostics for one file; the last one states that there were more.
pub const DIAGNOSTICS_PER_FILE_MAX: usize = 50;

/// Collects diagnostics, up to the limit for each file.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    all: Vec<Diagnostic>,
    file: String,
    count_in_file: usize,
}

impl Diagnostics {
    pub(crate) fn add(&mut self, file: &str, line: u64, message: impl Into<String>) {
        if self.file != file {
            self.file = file.to_string();
            self.count_in_file = 0;
        }
        self.count_in_file += 1;
        let message = match self.count_in_file {
            n if n < DIAGNOSTICS_PER_FILE_MAX => message.into(),
            DIAGNOSTICS_PER_FILE_MAX => {
                "more lines of this file are unreadable; they are not listed".into()
            }
            _ => return,
        };
        self.all.push(Diagnostic { file: file.to_string(), line, message });
    }

    pub(crate) fn into_vec(self) -> Vec<Diagnostic> {
        self.all
    }
}
