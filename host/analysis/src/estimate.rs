//! Estimates the cost of an investigation before anything is sent.

use massgen_models::request::{Message, Part};
use serde::Serialize;

use crate::budget::{Budget, Rates};

/// Characters per token, a conservative figure: English has about four, JSON with paths and numbers fewer.
const CHARS_PER_TOKEN: usize = 3;

/// A typical investigation: requests, tokens added per request, and tokens per reply.
const TYPICAL_REQUESTS: u64 = 5;
const TYPICAL_GROWTH_TOKENS: u64 = 3_000;
const TYPICAL_REPLY_TOKENS: u64 = 1_200;

/// A prompt with the token count of its service. Additions to it are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPrompt {
    /// Characters of the counted request.
    pub chars: usize,
    /// Tokens of the counted request.
    pub tokens: u64,
}

/// Expected usage of an investigation. Costs are in US dollars, `None` if the price is unknown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Characters of the first request.
    pub prompt_chars: usize,
    /// Tokens of the first request: counted by the service, or estimated as one per three characters.
    pub prompt_tokens: u64,
    /// If the first reply is the report.
    pub low_usd: Option<f64>,
    /// For a typical investigation of five requests.
    pub expected_usd: Option<f64>,
    /// If every request and reply uses its limit.
    pub worst_usd: Option<f64>,
    /// Tokens in the worst case.
    pub worst_tokens: u64,
}

/// Estimates the tokens of a text.
pub fn tokens(chars: usize) -> u64 {
    chars.div_ceil(CHARS_PER_TOKEN) as u64
}

/// Returns the tokens of a conversation: the counted prompt plus an estimate for the rest.
pub fn tokens_after(counted: Option<CountedPrompt>, chars: usize) -> u64 {
    match counted {
        Some(counted) => counted.tokens + tokens(chars.saturating_sub(counted.chars)),
        None => tokens(chars),
    }
}

/// Returns the length of a conversation, in bytes of UTF-8.
pub fn chars(messages: &[Message]) -> usize {
    let part = |part: &Part| match part {
        Part::Text(text) | Part::Reasoning(text) => text.len(),
        Part::ToolCall(call) => call.name.len() + call.arguments_json.len(),
        Part::ToolResult(result) => result.text.len(),
        Part::Opaque(opaque) => opaque.data.len(),
    };
    messages.iter().flat_map(|message| &message.parts).map(part).sum()
}

/// Estimates an investigation from its first request, whose tools add `overhead_chars`.
pub fn estimate(
    messages: &[Message],
    overhead_chars: usize,
    counted: Option<CountedPrompt>,
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
        low_usd: capped(run(1, 0, TYPICAL_REPLY_TOKENS).1),
        expected_usd: capped(run(TYPICAL_REQUESTS, TYPICAL_GROWTH_TOKENS, TYPICAL_REPLY_TOKENS).1),
        worst_usd: capped(worst_usd),
        worst_tokens: budget.max_tokens.map_or(worst_tokens, |max| worst_tokens.min(max)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_additions_to_a_counted_prompt_are_estimated() {
        assert_eq!(tokens_after(None, 301), 101);
        let counted = Some(CountedPrompt { chars: 300, tokens: 70 });
        for (chars, expect) in [(300, 70), (301, 71), (303, 71), (304, 72), (0, 70)] {
            assert_eq!(tokens_after(counted, chars), expect, "{chars}");
        }
    }
}
