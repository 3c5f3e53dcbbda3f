//! What tokens cost, through the crate `genai-prices`. A price is a function of size and time: tiers
//! reprice a whole request, prices have dates, some change with the hour. Unknown is none, never 0.

use std::time::{Duration, SystemTime};

use genai_prices::{PriceRequest, UsageKey};
use serde::Serialize;

use crate::event::Usage;
use crate::model_id::ModelId;

const MILLION: f64 = 1_000_000.0;

/// Prices of a model for a small request, in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Price {
    /// Prompt.
    pub input_per_mtok: f64,
    /// Reply.
    pub output_per_mtok: f64,
    /// Prompt that is read from the cache; none: as the rest of the prompt.
    pub cache_read_per_mtok: Option<f64>,
    /// Prompt that is written to the cache; none: as the rest of the prompt.
    pub cache_write_per_mtok: Option<f64>,
}

impl Price {
    /// What a request costs at this price, whatever its size and time.
    fn cost_usd(&self, usage: &Usage) -> f64 {
        // Both parts of the cache are parts of the prompt.
        let input = usage.input_tokens.unwrap_or(0);
        let read = usage.cache_read_tokens.unwrap_or(0).min(input);
        let written = usage.cache_write_tokens.unwrap_or(0).min(input - read);
        let plain = input - read - written;
        let usd = plain as f64 * self.input_per_mtok
            + read as f64 * self.cache_read_per_mtok.unwrap_or(self.input_per_mtok)
            + written as f64 * self.cache_write_per_mtok.unwrap_or(self.input_per_mtok)
            + usage.output_tokens.unwrap_or(0) as f64 * self.output_per_mtok;
        usd / MILLION
    }
}

/// The prices of one model at one time.
#[derive(Debug, Clone)]
pub struct Pricing {
    model: ModelId,
    at: SystemTime,
    own: Option<Price>,
}

impl Pricing {
    /// Prices of a model at a time in Unix milliseconds.
    pub fn new(model: ModelId, now_unix_ms: i64) -> Self {
        let since = Duration::from_millis(u64::try_from(now_unix_ms).unwrap_or(0));
        Self { model, at: SystemTime::UNIX_EPOCH + since, own: None }
    }

    /// Prices that the user set; they win over the data's.
    #[must_use]
    pub fn with_own(self, own: Option<Price>) -> Self {
        Self { own, ..self }
    }

    /// What a request cost, in US dollars.
    pub fn cost_usd(&self, usage: &Usage) -> Option<f64> {
        if let Some(own) = &self.own {
            return Some(own.cost_usd(usage));
        }
        // The crate's input includes the cached part, as ours does.
        let mut counted = genai_prices::Usage::new();
        let mut add = |key: UsageKey, tokens: Option<u64>| {
            if let Some(tokens) = tokens.filter(|tokens| *tokens > 0) {
                counted.insert(key, tokens as f64);
            }
        };
        add(UsageKey::INPUT_TOKENS, usage.input_tokens);
        add(UsageKey::OUTPUT_TOKENS, usage.output_tokens);
        add(UsageKey::CACHE_READ_TOKENS, usage.cache_read_tokens);
        add(UsageKey::CACHE_WRITE_TOKENS, usage.cache_write_tokens);
        self.calculate(&counted)
    }

    /// The most that a request can cost: nothing is read from the cache, all of it is written there if that is
    /// dearer, and the whole output is used.
    pub fn worst_case_usd(&self, input_tokens: u64, max_output_tokens: u64) -> Option<f64> {
        let usage = Usage {
            input_tokens: Some(input_tokens),
            output_tokens: Some(max_output_tokens),
            ..Usage::default()
        };
        let plain = self.cost_usd(&usage)?;
        let written = self.cost_usd(&Usage { cache_write_tokens: Some(input_tokens), ..usage });
        Some(written.map_or(plain, |written| plain.max(written)))
    }

    /// Prices for people.
    pub fn price(&self) -> Option<Price> {
        if self.own.is_some() {
            return self.own;
        }
        // A thousand tokens stay in the first tier of every model.
        let of = |usage: Usage| Some(round(self.cost_usd(&usage)? / 1_000.0 * MILLION));
        let tokens = Some(1_000);
        let input_per_mtok = of(Usage { input_tokens: tokens, ..Usage::default() })?;
        let read =
            of(Usage { input_tokens: tokens, cache_read_tokens: tokens, ..Usage::default() });
        let written =
            of(Usage { input_tokens: tokens, cache_write_tokens: tokens, ..Usage::default() });
        Some(Price {
            input_per_mtok,
            output_per_mtok: of(Usage { output_tokens: tokens, ..Usage::default() })?,
            cache_read_per_mtok: read.filter(|read| *read < input_per_mtok),
            cache_write_per_mtok: written.filter(|written| *written > input_per_mtok),
        })
    }

    fn calculate(&self, usage: &genai_prices::Usage) -> Option<f64> {
        let request = PriceRequest::new(&self.model.model, usage)
            .with_provider_id(priced_as(&self.model.provider)?)
            .with_timestamp(self.at);
        genai_prices::calculate(&request).ok().map(|price| price.total_price)
    }
}

/// Under which id the price data knows a service. The data's own search finds likenesses, too, and would price
/// a service of one's own that is called `openai-proxy` like OpenAI: whoever is not named here has no price.
fn priced_as(provider: &str) -> Option<&'static str> {
    Some(match provider {
        "anthropic" => "anthropic",
        "azure" => "azure",
        "bedrock" => "aws",
        "cerebras" => "cerebras",
        "deepseek" => "deepseek",
        "fireworks" => "fireworks",
        "google" | "vertex" => "google",
        "groq" => "groq",
        "mistral" => "mistral",
        "moonshot" => "moonshotai",
        "openai" => "openai",
        "openrouter" => "openrouter",
        "together" => "together",
        "xai" => "x-ai",
        "zai" => "zai",
        _ => return None,
    })
}

/// Away from what floating point adds at the end.
fn round(usd: f64) -> f64 {
    (usd * MILLION).round() / MILLION
}

#[cfg(test)]
mod tests;
