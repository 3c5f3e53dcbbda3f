//! Handling of failed and aborted requests.

use massgen_models::event::Usage;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::ExchangeError;
use massgen_models::request::{Part, Reasoning};

use super::{Investigation, Stop};
use crate::capabilities::ReportMode;
use crate::schema;

impl Investigation<'_> {
    /// Records an aborted request. It counts as sent; its cost is unknown once the reply has begun.
    pub(super) fn abort(&mut self, reply_begun: bool) {
        self.begun |= reply_begun;
        self.spent.requests += 1;
        self.spent.add(&Usage::default(), None, reply_begun, self.rates);
    }

    pub(super) fn failed(&mut self, error: ExchangeError) {
        // A request that the plugin cannot express is never sent.
        let sent = error.attempts > 0 && error.failure.kind != FailureKind::Unsupported;
        self.spent.requests += u32::from(sent);
        self.spent.add(&error.usage, None, false, self.rates);
        let failure = error.failure;
        if matches!(failure.kind, FailureKind::Unsupported | FailureKind::InvalidRequest)
            && self.step_down(&failure)
        {
            return;
        }
        self.begun |= error.begun
            || matches!(failure.kind, FailureKind::ContextTooLong | FailureKind::Refused);
        let partial: String = error
            .partial
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect();
        self.report.findings = schema::salvage(&partial);
        let stop = match failure.kind {
            FailureKind::ContextTooLong => Stop::Overflow,
            FailureKind::Refused => Stop::Refused,
            FailureKind::Protocol | FailureKind::Plugin => Stop::Protocol,
            FailureKind::Cancelled => Stop::Interrupted,
            _ => Stop::Unavailable,
        };
        self.end(stop, Some(failure));
    }

    /// Drops the part of the request that the service rejects. Returns whether there was one to drop.
    fn step_down(&mut self, failure: &Failure) -> bool {
        let pointer = failure.pointer.as_deref().unwrap_or_default();
        if pointer.starts_with("/reasoning") && self.reasoning != Reasoning::Unset {
            self.reasoning = Reasoning::Unset;
            self.notices.push(format!("the reasoning setting is omitted: {}", failure.message));
            return true;
        }
        if pointer.starts_with("/tool") && self.mode.tools() {
            self.mode = ReportMode::without_tools(&self.plan.capabilities);
            self.notices.push(format!("the model is offered no tools: {}", failure.message));
            return true;
        }
        let about_output = pointer.starts_with("/output")
            || (pointer.is_empty() && failure.message.contains("schema"));
        match self.mode.fallback() {
            Some(mode) if about_output => {
                self.mode = mode;
                self.notices
                    .push(format!("the report is requested in another form: {}", failure.message));
                true
            }
            _ => false,
        }
    }
}
