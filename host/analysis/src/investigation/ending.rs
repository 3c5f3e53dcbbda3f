//! The end of an investigation and its results.

use massgen_models::failure::Failure;
use serde::Serialize;

use crate::budget::Spent;
use crate::finding::ModelReport;

/// The reason why an investigation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The report is complete.
    Finished,
    /// The limit on cost, tokens or time was reached.
    Budget,
    /// The limit on requests was reached.
    Steps,
    /// The model or its service refused to answer.
    Refused,
    /// A reply reached the output limit.
    Truncated,
    /// The conversation exceeds the context window.
    Overflow,
    /// A reply was malformed, broke off, or did not follow the schema.
    Protocol,
    /// The service was unavailable.
    Unavailable,
    /// The user interrupted it.
    Interrupted,
    /// No model was used.
    NoModel,
}

impl Stop {
    /// Returns the word used in reports.
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

/// The results of an investigation.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Why it ended.
    pub stop: Stop,
    /// The failure that ended it, if any.
    pub failure: Option<Failure>,
    /// Whether the service ever began to reply, so that there may be something to report.
    pub begun: bool,
    /// The model's report, with its evidence still unchecked.
    pub report: ModelReport,
    /// Usage and cost.
    pub spent: Spent,
    /// The model's name in the service's last reply.
    pub served_model: Option<String>,
    /// Messages for the user.
    pub notices: Vec<String>,
}
