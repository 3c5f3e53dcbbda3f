//! Results of checks.

use serde::Serialize;

/// A rule that every plugin must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Stable name, which scripts may rely on.
    pub id: &'static str,
    /// The rule in one sentence.
    pub rule: &'static str,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule held for every input.
    Passed {
        /// Number of inputs tried.
        inputs: usize,
    },
    /// The rule was broken.
    Failed {
        /// The input that broke it, shortened.
        input: String,
        /// What the plugin did.
        saw: String,
    },
    /// No input was available.
    Untried {
        /// Why no input was available.
        why: String,
    },
}

/// The results of all checks of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Checks in order, each with its result.
    pub results: Vec<(Check, Verdict)>,
}

impl Report {
    /// Returns the checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &(Check, Verdict)> {
        self.results.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Failed { .. }))
    }

    /// Returns whether no check failed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }
}

/// Builds a failure from an input and what the plugin did with it.
pub(crate) fn failed(input: impl Into<String>, saw: impl Into<String>) -> Verdict {
    Verdict::Failed { input: shorten(&input.into(), 300), saw: shorten(&saw.into(), 500) }
}

/// Text on one line, with what a terminal would obey made visible.
pub(crate) fn shorten(text: &str, chars_max: usize) -> String {
    let mut short = String::new();
    for c in text.chars().take(chars_max) {
        if massgen_text::is_unprintable(c) {
            short.extend(c.escape_default());
        } else {
            short.push(c);
        }
    }
    if text.chars().nth(chars_max).is_some() {
        short.push('…');
    }
    short
}
