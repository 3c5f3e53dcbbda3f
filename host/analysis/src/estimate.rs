//! What an investigation will use, before anything is sent.

use massgen_models::request::{Message, Part};
use serde::Serialize;

use crate::budget::{Budget, Rates};

/// Characters of a token, on the low side: English has about four, JSON with paths and numbers fewer.
const CHARS_PER_TOKEN: usize = 3;

/// A usual investigation: this many requests, each with this much more to read than the one before.
const USUAL_REQUESTS: u64 = 5;
const USUAL_GROWTH_TOKENS: u64 = 3_000;
const USUAL_REPLY_TOKENS: u64 = 1_200;

/// A prompt whose tokens its service counted. What a conversation adds to it is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Characters of the request that was counted.
    pub chars: usize,
    /// Its tokens.
    pub tokens: u64,
}

/// What is to be expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Characters of the first request.
    pub prompt_chars: usize,
    /// Its tokens: counted by the service, or estimated as one per three characters.
    pub prompt_tokens: u64,
    /// If the model answers at once.
    pub low_usd: Option<f64>,
    /// For a usual investigation of five requests.
    pub expected_usd: Option<f64>,
    /// If every step and every reply is used up.
    pub worst_usd: Option<f64>,
    /// Tokens of the worst case.
    pub worst_tokens: u64,
}

/// Tokens of a text, estimated.
pub fn tokens(chars: usize) -> u64 {
    chars.div_ceil(CHARS_PER_TOKEN) as u64
}

/// Tokens of a conversation: what was counted of it, and the rest estimated.
pub fn tokens_after(counted: Option<Counted>, chars: usize) -> u64 {
    match counted {
        Some(counted) => counted.tokens + tokens(chars.saturating_sub(counted.chars)),
        None => tokens(chars),
    }
}

/// Characters of a conversation.
pub fn chars(messages: &[Message]) -> usize {
    let part = |part: &Part| match part {
        Part::Text(text) | Part::Reasoning(text) => text.len(),
        Part::ToolCall(call) => call.name.len() + call.arguments_json.len(),
        Part::ToolResult(result) => result.text.len(),
        Part::Opaque(opaque) => opaque.data.len(),
    };
    messages.iter().flat_map(|message| &message.parts).map(part).sum()
}

/// Estimates an investigation from its first request.
pub fn estimate(
    messages: &[Message],
    overhead_chars: usize,
    counted: Option<Counted>,
    budget: &Budget,
    rates: &dyn Rates,
) -> Estimate {
    let prompt_chars =
        counted.map_or_else(|| chars(messages) + overhead_chars, |counted| counted.chars);
    let prompt = tokens_after(counted, prompt_chars);
    let growth = crate::tools::RESULT_BYTES_MAX as u64 / CHARS_PER_TOKEN as u64;
    let run = |requests: u64, grown: u64, reply: u64| -> (u64, Option<f64>) {
        (0..requests).fold((0, Some(0.0)), |(all, cost), step| {
            let input = prompt + step * (grown + reply);
            let next = rates.worst_case_usd(input, reply);
            (all + input + reply, cost.zip(next).map(|(a, b)| a + b))
        })
    };
    let (worst_tokens, worst_usd) =
        run(u64::from(budget.max_steps), growth, u64::from(budget.reply_tokens));
    let capped =
        |usd: Option<f64>| usd.map(|usd| budget.max_cost_usd.map_or(usd, |max| usd.min(max)));
    Estimate {
        prompt_chars,
        prompt_tokens: prompt,
        low_usd: capped(run(1, 0, USUAL_REPLY_TOKENS).1),
        expected_usd: capped(run(USUAL_REQUESTS, USUAL_GROWTH_TOKENS, USUAL_REPLY_TOKENS).1),
        worst_usd: capped(worst_usd),
        worst_tokens: budget.max_tokens.map_or(worst_tokens, |max| worst_tokens.min(max)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_not_estimated_again() {
        assert_eq!(tokens_after(None, 301), 101);
        let counted = Some(Counted { chars: 300, tokens: 70 });
        for (chars, expect) in [(300, 70), (301, 71), (303, 71), (304, 72), (0, 70)] {
            assert_eq!(tokens_after(counted, chars), expect, "{chars}");
        }
    }
}
