//! The report: everything measured, detected and said, as JSON and as Markdown in MassGen's order.

mod escape;
mod markdown;
mod rounds;
mod sections;
mod team;
#[cfg(test)]
mod tests;

use massgen_logs::facts::Facts;
use massgen_logs::problems::Problem;
use massgen_models::model_id::ModelId;
use serde::Serialize;

pub use markdown::render;

use crate::budget::Spent;
use crate::finding::Finding;
use crate::investigation::Stop;

/// A finished analysis. Serialises as `analysis/1`.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis<'a> {
    /// `analysis/1`.
    pub schema: &'static str,
    /// The run's directory name.
    pub run: &'a str,
    /// The turn.
    pub turn: u32,
    /// Who explained it; none if nobody was asked.
    pub model: Option<ModelUsed>,
    /// The models that it was settled from, if there are several.
    #[serde(skip_serializing_if = "<[MemberUsed]>::is_empty")]
    pub team: &'a [MemberUsed],
    /// What was used.
    pub usage: UsageUsed,
    /// US dollars; null if there is no price.
    pub cost_usd: Option<f64>,
    /// Time that it took.
    pub duration_ms: u64,
    /// When it was made, RFC 3339.
    pub generated: String,
    /// Version of the prompt.
    pub prompt_version: &'static str,
    /// Why it ended.
    pub stop: Stop,
    /// The failure behind that, in words.
    pub failure: Option<String>,
    /// The model's summary.
    pub summary: String,
    /// Everything measured.
    pub facts: &'a Facts,
    /// Detected problems.
    pub problems: &'a [Problem],
    /// What the model said, checked.
    pub findings: &'a [Finding],
    /// Lines for the user.
    pub notices: &'a [String],
}

/// Who explained the run.
#[derive(Debug, Clone, Serialize)]
pub struct ModelUsed {
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// Who named it.
    pub origin: String,
    /// The model as its service named it in its replies.
    pub served: Option<String>,
}

impl ModelUsed {
    /// A model and who named it.
    pub fn new(id: &ModelId, origin: String, served: Option<String>) -> Self {
        Self { provider: id.provider.clone(), model: id.model.clone(), origin, served }
    }
}

/// One model of a team, and what came of asking it.
#[derive(Debug, Clone, Serialize)]
pub struct MemberUsed {
    /// Which.
    pub model: ModelUsed,
    /// What it used.
    pub usage: UsageUsed,
    /// US dollars; null if there is no price.
    pub cost_usd: Option<f64>,
    /// Time that it took.
    pub duration_ms: u64,
    /// Why it ended; none if it could not begin.
    pub stop: Option<Stop>,
    /// Why it did not come to its end, in words.
    pub failure: Option<String>,
    /// Findings that it gave.
    pub findings: usize,
    /// Those of them whose evidence was found.
    pub verified: usize,
    /// The file of its own report, beside the team's.
    pub report: Option<String>,
}

/// Tokens and requests.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct UsageUsed {
    /// Prompt.
    pub input_tokens: u64,
    /// Reply.
    pub output_tokens: u64,
    /// Cached part of the prompt.
    pub cached_tokens: u64,
    /// Reasoning part of the reply.
    pub reasoning_tokens: u64,
    /// Exchanges.
    pub requests: u32,
    /// US dollars that the prompt cache saved; below nothing where writing it cost more.
    pub cache_saved_usd: f64,
}

impl UsageUsed {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cached_tokens: self.cached_tokens + other.cached_tokens,
            reasoning_tokens: self.reasoning_tokens + other.reasoning_tokens,
            requests: self.requests + other.requests,
            cache_saved_usd: self.cache_saved_usd + other.cache_saved_usd,
        }
    }
}

impl From<&Spent> for UsageUsed {
    fn from(spent: &Spent) -> Self {
        Self {
            input_tokens: spent.usage.input_tokens.unwrap_or(0),
            output_tokens: spent.usage.output_tokens.unwrap_or(0),
            cached_tokens: spent.usage.cache_read_tokens.unwrap_or(0),
            reasoning_tokens: spent.usage.reasoning_tokens.unwrap_or(0),
            requests: spent.requests,
            cache_saved_usd: spent.saved_usd,
        }
    }
}
