//! What a check finds.

use serde::Serialize;

/// A rule that plugins are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, for people and scripts.
    pub id: &'static str,
    /// What must hold.
    pub rule: &'static str,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule held, for so many inputs.
    Passed {
        /// How many inputs were tried.
        inputs: usize,
    },
    /// The rule did not hold.
    Failed {
        /// The input that showed it, shortened.
        input: String,
        /// What the plugin did.
        saw: String,
    },
    /// There was nothing to try it with.
    Untried {
        /// Why.
        why: String,
    },
}

/// What came of all checks of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Checks in order, with what came of each.
    pub results: Vec<(Check, Verdict)>,
}

impl Report {
    /// Checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &(Check, Verdict)> {
        self.results.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Failed { .. }))
    }

    /// No check failed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }
}

/// A finding: the input that shows it, and what was seen.
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
