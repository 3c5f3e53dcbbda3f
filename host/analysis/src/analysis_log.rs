//! The analysis log: every message of an investigation, one JSON object per line. It is enough to audit an
//! investigation, resume it, or replay it in a test. It contains no API key: messages are recorded before the key is
//! added.

use massgen_models::event::{StopReason, Usage};
use massgen_models::failure::Failure;
use massgen_models::provider::{ExchangeError, Reply};
use massgen_models::request::{Part, ToolResult};
use serde::{Deserialize, Serialize};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record {
    /// The first line.
    Start {
        /// The provider's id.
        provider: String,
        /// The model's id.
        model: String,
        /// Version of the prompt.
        prompt_version: String,
        /// Directory name of the run.
        run: String,
        /// Number of the turn.
        turn: u32,
        /// The system message: instructions.
        system: String,
        /// The user message: the run's facts.
        user: String,
    },
    /// A reply.
    Reply {
        /// Text, reasoning and tool calls.
        parts: Vec<Part>,
        /// Why the reply ended.
        stop: StopReason,
        /// Tokens used.
        usage: Usage,
        /// The service's id for the request.
        request_id: Option<String>,
        /// The service's name for the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        served_model: Option<String>,
        /// The charge stated by the service, in US dollars.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        billed_usd: Option<f64>,
    },
    /// Results of the reply's tool calls.
    Results {
        /// In the order of the calls.
        results: Vec<ToolResult>,
    },
    /// An exchange that failed.
    Failed {
        /// The failure.
        failure: Failure,
        /// Whether the service had begun to reply.
        begun: bool,
        /// The part of the reply that had arrived.
        partial: Vec<Part>,
        /// Tokens used.
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

/// Why an analysis log cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ReadAnalysisLogError {
    /// A line is not a record.
    #[error("line {line} of the analysis log is not a record")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// The JSON error.
        #[source]
        source: serde_json::Error,
    },
}

/// Parses an analysis log. A truncated last line is ignored.
pub fn parse(text: &str) -> Result<Vec<Record>, ReadAnalysisLogError> {
    let lines: Vec<&str> = text.lines().collect();
    let mut records = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(record) => records.push(record),
            Err(_) if index + 1 == lines.len() => break,
            Err(source) => return Err(ReadAnalysisLogError::Line { line: index + 1, source }),
        }
    }
    Ok(records)
}
