//! The limits of an investigation, and its usage.

use massgen_models::event::Usage;
use massgen_models::price::Pricing;
use serde::Serialize;

/// Prices of a model.
pub trait Rates: Send + Sync {
    /// Returns the cost of a request in US dollars, or `None` if the price is unknown.
    fn cost_usd(&self, usage: &Usage) -> Option<f64>;
    /// Returns the maximum cost of a request in US dollars, or `None` if the price is unknown.
    fn worst_case_usd(&self, input_tokens: u64, max_output_tokens: u64) -> Option<f64>;
}

impl Rates for Pricing {
    fn cost_usd(&self, usage: &Usage) -> Option<f64> {
        Pricing::cost_usd(self, usage)
    }

    fn worst_case_usd(&self, input_tokens: u64, max_output_tokens: u64) -> Option<f64> {
        Pricing::worst_case_usd(self, input_tokens, max_output_tokens)
    }
}

/// Limits of an investigation. The driver enforces the time limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Total cost in US dollars.
    pub max_cost_usd: Option<f64>,
    /// Total tokens of prompts and replies.
    pub max_tokens: Option<u64>,
    /// Number of requests.
    pub max_steps: u32,
    /// Tokens per reply.
    pub reply_tokens: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { max_cost_usd: None, max_tokens: None, max_steps: 24, reply_tokens: 16_000 }
    }
}

/// Usage of an investigation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spent {
    /// Tokens by kind.
    #[serde(flatten)]
    pub usage: Usage,
    /// Number of requests sent.
    pub requests: u32,
    /// US dollars; `None` once the cost of a request is unknown.
    #[serde(skip)]
    pub cost_usd: Option<f64>,
    /// US dollars saved by the prompt cache.
    #[serde(skip)]
    pub saved_usd: f64,
}

impl Spent {
    /// Returns zero usage. `priced`: the model's prices are known.
    pub fn nothing(priced: bool) -> Self {
        Self {
            usage: Usage::default(),
            requests: 0,
            cost_usd: priced.then_some(0.0),
            saved_usd: 0.0,
        }
    }

    /// Adds an exchange. A charge stated by the service takes precedence over its prices. The cost of a reply
    /// without token counts is unknown.
    pub fn add(
        &mut self,
        usage: &Usage,
        billed_usd: Option<f64>,
        replied: bool,
        rates: &dyn Rates,
    ) {
        self.usage.add(usage);
        // Every prompt has tokens, so zero means that the service reported none.
        let reported = |tokens: Option<u64>| tokens.is_some_and(|tokens| tokens > 0);
        let counted = reported(usage.input_tokens) || reported(usage.output_tokens) || !replied;
        let by_price = rates.cost_usd(usage).filter(|_| counted);
        let uncached = Usage { cache_read_tokens: None, cache_write_tokens: None, ..*usage };
        if let (Some(cost), Some(full)) = (by_price, rates.cost_usd(&uncached)) {
            self.saved_usd += full - cost;
        }
        self.cost_usd = match (self.cost_usd, billed_usd.or(by_price)) {
            (Some(before), Some(cost)) => Some(before + cost),
            _ => None,
        };
    }

    /// Returns the tokens of prompts and replies.
    pub fn tokens(&self) -> u64 {
        self.usage.input_tokens.unwrap_or(0) + self.usage.output_tokens.unwrap_or(0)
    }
}

/// How many more requests the budget allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headroom {
    /// At least two.
    Several,
    /// One.
    Last,
    /// None.
    None,
}

/// Returns the headroom, assuming the maximum cost for each request.
pub fn headroom(budget: &Budget, spent: &Spent, rates: &dyn Rates, input_tokens: u64) -> Headroom {
    let tokens = input_tokens + u64::from(budget.reply_tokens);
    let cost = rates.worst_case_usd(input_tokens, u64::from(budget.reply_tokens));
    let fits = |times: u64| {
        let tokens_fit = budget.max_tokens.is_none_or(|max| spent.tokens() + tokens * times <= max);
        let cost_fits = match (budget.max_cost_usd, cost, spent.cost_usd) {
            (None, _, _) => true,
            (Some(max), Some(cost), Some(before)) => before + cost * times as f64 <= max,
            _ => false,
        };
        tokens_fit && cost_fits && u64::from(spent.requests) + times <= u64::from(budget.max_steps)
    };
    if fits(2) {
        Headroom::Several
    } else if fits(1) {
        Headroom::Last
    } else {
        Headroom::None
    }
}
