//! The report: facts, problems and findings, as JSON and as Markdown in MassGen's order.

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

/// A finished analysis, serialised as `analysis/1`.
#[derive(Debug, Clone, Serialize)]
pub struct Analysis<'a> {
    /// Always `analysis/1`.
    pub schema: &'static str,
    /// The run's directory name.
    pub run: &'a str,
    /// Number of the turn.
    pub turn: u32,
    /// The model, or `None` if no model was used.
    pub model: Option<ModelUsed>,
    /// The models whose findings were merged; empty for a single model.
    #[serde(skip_serializing_if = "<[TeamMember]>::is_empty")]
    pub team: &'a [TeamMember],
    /// Tokens and requests.
    pub usage: UsageTotals,
    /// Cost in US dollars; null if the price is unknown.
    pub cost_usd: Option<f64>,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Time of the analysis, RFC 3339.
    pub generated: String,
    /// Version of the prompt.
    pub prompt_version: &'static str,
    /// Why the investigation ended.
    pub stop: Stop,
    /// The failure that ended it, as text.
    pub failure: Option<String>,
    /// The model's summary.
    pub summary: String,
    /// Measured facts.
    pub facts: &'a Facts,
    /// Detected problems.
    pub problems: &'a [Problem],
    /// The model's findings, with checked evidence.
    pub findings: &'a [Finding],
    /// Messages for the user.
    pub notices: &'a [String],
}

/// A model that explained the run.
#[derive(Debug, Clone, Serialize)]
pub struct ModelUsed {
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The origin of the choice: flag, variable, file or keys.
    pub origin: String,
    /// The model's name in the service's replies.
    pub served: Option<String>,
}

impl ModelUsed {
    /// Describes a model by its id.
    pub fn new(id: &ModelId, origin: String, served: Option<String>) -> Self {
        Self { provider: id.provider.clone(), model: id.model.clone(), origin, served }
    }
}

/// A model of a team and its results.
#[derive(Debug, Clone, Serialize)]
pub struct TeamMember {
    /// The model.
    pub model: ModelUsed,
    /// Its tokens and requests.
    pub usage: UsageTotals,
    /// Cost in US dollars; null if the price is unknown.
    pub cost_usd: Option<f64>,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Why its investigation ended; `None` if it could not start.
    pub stop: Option<Stop>,
    /// Why it did not finish, as text.
    pub failure: Option<String>,
    /// Number of its findings.
    pub findings: usize,
    /// Number of its verified findings.
    pub verified: usize,
    /// File name of its own report, beside the team's.
    pub report: Option<String>,
}

/// Tokens and requests.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct UsageTotals {
    /// Tokens of prompts.
    pub input_tokens: u64,
    /// Tokens of replies.
    pub output_tokens: u64,
    /// Cached part of the prompts.
    pub cached_tokens: u64,
    /// Reasoning part of the replies.
    pub reasoning_tokens: u64,
    /// Number of requests.
    pub requests: u32,
    /// US dollars saved by the prompt cache; negative if writing it cost more than it saved.
    pub cache_saved_usd: f64,
}

impl UsageTotals {
    /// Returns the sum of both.
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

impl From<&Spent> for UsageTotals {
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
