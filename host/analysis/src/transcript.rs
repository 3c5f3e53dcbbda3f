//! Everything that was asked and answered, one JSON object a line. Enough to audit an investigation, to
//! go on with it, and to replay it in a test. It holds no key: requests are recorded before any is added.

use massgen_models::event::{StopReason, Usage};
use massgen_models::failure::Failure;
use massgen_models::provider::{ExchangeError, Reply};
use massgen_models::request::{Part, ToolResult};
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record {
    /// The beginning.
    Start {
        /// Provider and model.
        provider: String,
        /// The model.
        model: String,
        /// Version of the prompt.
        prompt_version: String,
        /// The run's name.
        run: String,
        /// The turn.
        turn: u32,
        /// The instructions.
        system: String,
        /// The run's facts.
        user: String,
    },
    /// A reply.
    Reply {
        /// What it is made of.
        parts: Vec<Part>,
        /// Why it ended.
        stop: StopReason,
        /// Tokens.
        usage: Usage,
        /// The service's id of the request.
        request_id: Option<String>,
        /// The model as the service names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        served_model: Option<String>,
        /// What the service says that it charges, in US dollars.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        billed_usd: Option<f64>,
    },
    /// Results of the tools that the reply called.
    Results {
        /// In the order of the calls.
        results: Vec<ToolResult>,
    },
    /// An exchange that failed.
    Failed {
        /// Why.
        failure: Failure,
        /// The service had begun to reply.
        begun: bool,
        /// What had come until then.
        partial: Vec<Part>,
        /// Tokens.
        usage: Usage,
    },
}

impl From<&Reply> for Record {
    fn from(reply: &Reply) -> Self {
        Self::Reply {
            parts: reply.parts.clone(),
            stop: reply.stop.clone(),
            usage: reply.usage,
            request_id: reply.request_id.clone(),
            served_model: reply.served_model.clone(),
            billed_usd: reply.billed_usd,
        }
    }
}

impl From<&ExchangeError> for Record {
    fn from(error: &ExchangeError) -> Self {
        Self::Failed {
            failure: error.failure.clone(),
            begun: error.begun,
            partial: error.partial.clone(),
            usage: error.usage,
        }
    }
}

/// Why a transcript can't be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum ReadTranscriptError {
    /// A line is no record.
    #[error("line {line} of the transcript is no record")]
    Line {
        /// From 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads a transcript. A last line that was cut off is left out: its record was never whole.
pub fn parse(text: &str) -> Result<Vec<Record>, ReadTranscriptError> {
    let lines: Vec<&str> = text.lines().collect();
    let mut records = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(record) => records.push(record),
            Err(_) if index + 1 == lines.len() => break,
            Err(source) => return Err(ReadTranscriptError::Line { line: index + 1, source }),
        }
    }
    Ok(records)
}
