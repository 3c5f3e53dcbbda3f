//! What an investigation may use, and what it has used.

use massgen_models::event::Usage;
use massgen_models::price::Pricing;
use serde::Serialize;

/// Prices of the model that is asked.
pub trait Rates: Send + Sync {
    /// What a request cost, in US dollars; none if there is no price.
    fn cost_usd(&self, usage: &Usage) -> Option<f64>;
    /// The most that a request can cost.
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

/// Limits. Time is kept by the driver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// US dollars.
    pub max_cost_usd: Option<f64>,
    /// Tokens of all requests, prompt and reply.
    pub max_tokens: Option<u64>,
    /// Requests.
    pub max_steps: u32,
    /// Tokens of one reply.
    pub reply_tokens: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { max_cost_usd: None, max_tokens: None, max_steps: 24, reply_tokens: 16_000 }
    }
}

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spent {
    /// Tokens.
    #[serde(flatten)]
    pub usage: Usage,
    /// Exchanges that were begun.
    pub requests: u32,
    /// US dollars, none as soon as one exchange has no price.
    #[serde(skip)]
    pub cost_usd: Option<f64>,
    /// US dollars that the prompt cache saved, against the same prompts without one.
    #[serde(skip)]
    pub saved_usd: f64,
}

impl Spent {
    /// Nothing yet; `priced` says whether there are prices.
    pub fn nothing(priced: bool) -> Self {
        Self {
            usage: Usage::default(),
            requests: 0,
            cost_usd: priced.then_some(0.0),
            saved_usd: 0.0,
        }
    }

    /// Adds an exchange. What the service says that it charges wins over what its prices come to; a reply
    /// without any count costs something that nobody knows.
    pub fn add(
        &mut self,
        usage: &Usage,
        billed_usd: Option<f64>,
        replied: bool,
        rates: &dyn Rates,
    ) {
        self.usage.add(usage);
        // No prompt is free of tokens: a service that counts none did not count.
        let some = |tokens: Option<u64>| tokens.is_some_and(|tokens| tokens > 0);
        let counted = some(usage.input_tokens) || some(usage.output_tokens) || !replied;
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

    /// Tokens of prompts and replies.
    pub fn tokens(&self) -> u64 {
        self.usage.input_tokens.unwrap_or(0) + self.usage.output_tokens.unwrap_or(0)
    }
}

/// Whether the next request fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It does, and so do others.
    Enough,
    /// It does, and it should be the last.
    Last,
    /// It does not.
    None,
}

/// Looks at the worst that the next request can cost.
pub fn room(budget: &Budget, spent: &Spent, rates: &dyn Rates, input_tokens: u64) -> Room {
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
        Room::Enough
    } else if fits(1) {
        Room::Last
    } else {
        Room::None
    }
}
