//! The phases of an investigation.

use massgen_models::failure::Failure;
use massgen_models::request::ToolCall;

use super::Stop;

/// The state of an investigation, with the data that belongs to it alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Phase {
    /// The model may call tools or send its report.
    Exploring,
    /// Tool calls await their results.
    Reading(Vec<ToolCall>),
    /// The report is due, and no more calls are carried out.
    Concluding,
    /// The report was malformed; the model has one more attempt.
    Repairing,
    /// Final: no other phase follows.
    Over {
        /// Why it ended.
        stop: Stop,
        /// The failure behind it, if any.
        failure: Option<Failure>,
    },
}

impl Phase {
    /// Whether the next reply must be the report.
    pub(super) fn report_is_due(&self) -> bool {
        matches!(self, Self::Concluding | Self::Repairing)
    }

    /// Moves to another phase, unless the investigation is over.
    pub(super) fn enter(&mut self, next: Self) {
        if !matches!(self, Self::Over { .. }) {
            *self = next;
        }
    }
}
