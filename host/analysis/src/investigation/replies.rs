//! Handling of replies and tool results.

use massgen_models::event::StopReason;
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::Reply;
use massgen_models::request::{Message, Part, Role, ToolCall, ToolResult};

use super::phase::Phase;
use super::{CALLS_MAX, Investigation, Stop};
use crate::schema::{self, ParseReportError, REPORT_NAME};
use crate::tools;

/// Characters of a refusal that are quoted.
const REFUSAL_CHARS_MAX: usize = 300;

impl Investigation<'_> {
    pub(super) fn reply(&mut self, reply: Reply) {
        self.begun = true;
        self.spent.requests += 1;
        self.spent.add(&reply.usage, reply.billed_usd, true, self.rates);
        self.served_model = reply.served_model.clone().or(self.served_model.take());
        self.notices.extend(reply.notices.iter().cloned());
        let text = reply.text();
        let mut calls = tool_calls(&reply.parts);
        if !reply.parts.is_empty() {
            self.messages.push(Message {
                role: Role::Assistant,
                parts: reply.parts,
                cache_hint: false,
            });
        }
        if let Some(report) = calls.iter().find(|call| call.name == REPORT_NAME) {
            return self.read_report(&report.arguments_json, &calls);
        }
        match reply.stop {
            StopReason::Refusal => self.end(Stop::Refused, Some(refusal(&text))),
            StopReason::MaxTokens if schema::parse_report(&text).is_err() => {
                self.report.findings = schema::salvage(&text);
                let failure = Failure::new(
                    FailureKind::Other,
                    "the reply reached the output limit before the report was complete",
                );
                self.end(Stop::Truncated, Some(failure));
            }
            _ if calls.is_empty() => self.read_report(&text, &[]),
            _ if self.phase.report_is_due() => self.read_report("", &calls),
            _ => {
                calls.truncate(CALLS_MAX);
                self.phase.enter(Phase::Reading(calls));
            }
        }
    }

    /// Reads the report from `text`, or asks for it. `calls` are the calls of the reply that holds it.
    fn read_report(&mut self, text: &str, calls: &[ToolCall]) {
        let error = match schema::parse_report(text) {
            Ok(report) => {
                self.report = report;
                return self.end(Stop::Finished, None);
            }
            Err(error) => error,
        };
        // Services require a result for every call, including those not carried out.
        if !calls.is_empty() {
            let result = |call: &ToolCall| {
                Part::ToolResult(tools::refused(call, "the report is due; no more tool calls"))
            };
            self.messages.push(Message {
                role: Role::User,
                parts: calls.iter().map(result).collect(),
                cache_hint: false,
            });
        }
        match (error, &self.phase) {
            (error, Phase::Repairing) => {
                let failure = Failure::new(
                    FailureKind::Protocol,
                    format!("the model did not return a valid report: {error}"),
                );
                self.end(Stop::Protocol, Some(failure));
            }
            (ParseReportError::NoJson, phase) if !phase.report_is_due() => {
                self.conclude("That is not the report yet.");
            }
            (error, _) => {
                self.phase.enter(Phase::Repairing);
                self.say(format!(
                    "{error}. Send the report again: one JSON object that follows the schema, with nothing before or after it."
                ));
            }
        }
    }

    pub(super) fn results(&mut self, results: Vec<ToolResult>) {
        debug_assert!(matches!(self.phase, Phase::Reading(_)), "results follow calls");
        if matches!(self.phase, Phase::Reading(_)) {
            self.phase = Phase::Exploring;
        }
        // Calls beyond the limit need a result as well.
        let answered: Vec<&str> = results.iter().map(|result| result.call_id.as_str()).collect();
        let last_calls =
            self.messages.last().map(|message| tool_calls(&message.parts)).unwrap_or_default();
        let beyond: Vec<Part> = last_calls
            .iter()
            .filter(|call| !answered.contains(&call.id.as_str()))
            .map(|call| tools::refused(call, "too many calls at once; ask again"))
            .map(Part::ToolResult)
            .collect();
        for message in self.messages.iter_mut().skip(2) {
            message.cache_hint = false;
        }
        let parts = results.into_iter().map(Part::ToolResult).chain(beyond).collect();
        self.messages.push(Message { role: Role::User, parts, cache_hint: true });
    }
}

fn tool_calls(parts: &[Part]) -> Vec<ToolCall> {
    let call = |part: &Part| match part {
        Part::ToolCall(call) => Some(call.clone()),
        _ => None,
    };
    parts.iter().filter_map(call).collect()
}

fn refusal(text: &str) -> Failure {
    let reason: String = text.chars().take(REFUSAL_CHARS_MAX).collect();
    let message = if reason.is_empty() {
        "the model refused".to_string()
    } else {
        format!("the model refused: {reason}")
    };
    Failure::new(FailureKind::Refused, message)
}
