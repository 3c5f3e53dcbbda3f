//! What an investigation came to.

use massgen_models::failure::Failure;
use serde::Serialize;

use crate::budget::Spent;
use crate::finding::Answer;

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The report is whole.
    Finished,
    /// Money, tokens or time were used up.
    Budget,
    /// The number of requests was used up.
    Steps,
    /// The model or its service refused.
    Refused,
    /// A reply reached its output limit.
    Truncated,
    /// The conversation no longer fits.
    Overflow,
    /// Replies did not follow the protocol or the schema, or broke off.
    Protocol,
    /// The service can't be used.
    Unavailable,
    /// The user ended it.
    Interrupted,
    /// Nobody was asked.
    NoModel,
}

impl Stop {
    /// The word of the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Budget => "budget",
            Self::Steps => "steps",
            Self::Refused => "refused",
            Self::Truncated => "truncated",
            Self::Overflow => "overflow",
            Self::Protocol => "protocol",
            Self::Unavailable => "unavailable",
            Self::Interrupted => "interrupted",
            Self::NoModel => "no-model",
        }
    }
}

/// What it came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it ended.
    pub stop: Stop,
    /// The failure behind it, if there was one.
    pub failure: Option<Failure>,
    /// The model's service ever began to reply: there may be something to put in a report.
    pub begun: bool,
    /// What the model said. Its evidence is not checked yet.
    pub answer: Answer,
    /// What was used.
    pub spent: Spent,
    /// The model as the service named it in its last reply.
    pub served_model: Option<String>,
    /// Lines for the user.
    pub notices: Vec<String>,
}
