//! One thing that was looked at, and what was found.

use serde_json::{Value, json};

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// As it should be.
    Ok,
    /// Works without it, but less well.
    Note,
    /// Something does not work until it is mended.
    Bad,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Check {
    /// What was looked at, in a word or two.
    pub(super) subject: &'static str,
    pub(super) health: Health,
    /// What was found: a sentence without a period.
    pub(super) found: String,
    /// A command, or a file to edit; none where nothing is to be done.
    pub(super) remedy: Option<String>,
}

impl Check {
    pub(super) fn ok(subject: &'static str, found: impl Into<String>) -> Self {
        Self { subject, health: Health::Ok, found: found.into(), remedy: None }
    }

    pub(super) fn note(
        subject: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { subject, health: Health::Note, found: found.into(), remedy }
    }

    pub(super) fn bad(
        subject: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { health: Health::Bad, ..Self::note(subject, found, remedy) }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "subject": self.subject, "health": self.health.word(),
            "found": self.found, "remedy": self.remedy,
        })
    }
}

impl Health {
    /// The word for scripts, and for terminals without colour.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}
