//! What comes back from a model while an exchange runs.

use serde::{Deserialize, Serialize};

use crate::request::Opaque;

/// One event of a reply, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// More of the answer.
    Text(String),
    /// More of the visible reasoning.
    Reasoning(String),
    /// Provider state for the next turn.
    Opaque(Opaque),
    /// A tool call begins.
    ToolCallStart {
        /// Which of the reply's calls, from 0.
        index: u32,
        /// The service's id of the call.
        id: String,
        /// The tool's name.
        name: String,
    },
    /// More of a call's arguments.
    ToolCallDelta {
        /// Which call.
        index: u32,
        /// A piece of one JSON object.
        json: String,
    },
    /// A call is complete.
    ToolCallEnd(u32),
    /// Totals so far, not increments.
    Usage(Usage),
    /// What the service says of its limits.
    RateLimit(RateLimit),
    /// Why the reply ended. Exactly one per exchange, last.
    Stopped(StopReason),
    /// One line for the user.
    Notice(String),
    /// Something that a newer provider says.
    Other {
        /// The provider's name for it.
        kind: String,
        /// Its content.
        json: String,
    },
}

/// Tokens of one exchange. `input` includes what was read from and written to the prompt cache, and
/// `output` includes reasoning; a provider whose service counts otherwise converts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// All tokens of the prompt.
    pub input_tokens: Option<u64>,
    /// All tokens of the reply.
    pub output_tokens: Option<u64>,
    /// Part of `output_tokens`.
    pub reasoning_tokens: Option<u64>,
    /// Part of `input_tokens`, read from the cache.
    pub cache_read_tokens: Option<u64>,
    /// Part of `input_tokens`, written to the cache.
    pub cache_write_tokens: Option<u64>,
}

impl Usage {
    /// Adds another exchange's tokens; a figure is known as soon as one side knows it.
    pub fn add(&mut self, other: &Usage) {
        fn sum(a: &mut Option<u64>, b: Option<u64>) {
            if let Some(b) = b {
                *a = Some(a.unwrap_or(0).saturating_add(b));
            }
        }
        sum(&mut self.input_tokens, other.input_tokens);
        sum(&mut self.output_tokens, other.output_tokens);
        sum(&mut self.reasoning_tokens, other.reasoning_tokens);
        sum(&mut self.cache_read_tokens, other.cache_read_tokens);
        sum(&mut self.cache_write_tokens, other.cache_write_tokens);
    }
}

/// What a service says of one of its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// `requests`, `tokens`, `input-tokens`, …
    pub scope: String,
    /// The limit.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: Option<u64>,
    /// When it is full again, from now.
    pub reset_ms: Option<u64>,
}

/// Why a reply ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The model was done.
    EndTurn,
    /// The output limit was reached.
    MaxTokens,
    /// The model waits for tool results.
    ToolCalls,
    /// One of `Sampling::stop` was produced.
    StopSequence,
    /// The model or a filter refused.
    Refusal,
    /// The provider's own word, when none of the above is true.
    Other(String),
}
