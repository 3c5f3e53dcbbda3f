//! Usage of one attempt. MassGen's counters are cumulative over the turns and attempts of a process, so adding them up
//! counts usage twice.

use std::collections::BTreeSet;

use crate::run::{AgentCounters, Attempt, RecordedRound, Tokens};

/// An agent's part of the cumulative counters that belongs to one attempt.
#[derive(Debug, Default)]
pub(in crate::facts) struct AgentUsage<'a> {
    pub(in crate::facts) tokens: Tokens,
    pub(in crate::facts) rounds: Vec<&'a RecordedRound>,
}

/// Subtracts the usage of earlier attempts. The same process counted them if one of their rounds appears in this
/// attempt's history or, if none was recorded yet, if every figure grew within the same turn.
pub(in crate::facts) fn usage<'a>(
    id: &str,
    attempt: &'a Attempt,
    before: &[&Attempt],
) -> AgentUsage<'a> {
    let Some(counters) = attempt.counters.agents.get(id) else { return AgentUsage::default() };
    let earlier = before.iter().rev().find_map(|a| a.counters.agents.get(id));
    let starts: BTreeSet<i64> = before
        .iter()
        .filter_map(|a| a.counters.agents.get(id))
        .flat_map(|c| &c.rounds)
        .map(|r| r.start_ms)
        .collect();
    let rounds: Vec<_> =
        counters.rounds.iter().filter(|round| !starts.contains(&round.start_ms)).collect();
    let is_cumulative = rounds.len() < counters.rounds.len()
        || (starts.is_empty() && same_process(attempt, before));
    match earlier {
        Some(earlier) if is_cumulative && grew(counters, earlier) => {
            AgentUsage { tokens: difference(&counters.tokens, &earlier.tokens), rounds }
        }
        _ => AgentUsage { tokens: counters.tokens, rounds },
    }
}

/// Whether the previous attempt belongs to the same turn: one process makes all attempts of a turn.
fn same_process(attempt: &Attempt, before: &[&Attempt]) -> bool {
    let turn = |path: &str| path.split('/').next().map(String::from);
    before.last().is_some_and(|last| turn(&last.path) == turn(&attempt.path))
}

fn grew(now: &AgentCounters, earlier: &AgentCounters) -> bool {
    now.tokens.input >= earlier.tokens.input && now.tokens.output >= earlier.tokens.output
}

fn difference(now: &Tokens, earlier: &Tokens) -> Tokens {
    Tokens {
        input: now.input - earlier.input,
        output: now.output - earlier.output,
        cached: now.cached.saturating_sub(earlier.cached),
        reasoning: now.reasoning.saturating_sub(earlier.reasoning),
        // Recorded costs have six decimals: rounding removes float noise.
        cost_usd: ((now.cost_usd - earlier.cost_usd).max(0.0) * 1e9).round() / 1e9,
    }
}

/// Cached share of the prompt. Anthropic's input tokens exclude cached ones; other services include them.
pub(in crate::facts) fn cache_hit_rate(
    tokens: &Tokens,
    backend: Option<&str>,
    model: Option<&str>,
) -> Option<f64> {
    let is_excluded = backend.is_some_and(|backend| backend.starts_with("claude"))
        || (backend.is_none() && model.is_some_and(|model| model.contains("claude")))
        || tokens.cached > tokens.input;
    let prompt = if is_excluded { tokens.input + tokens.cached } else { tokens.input };
    (prompt > 0).then(|| (tokens.cached as f64 / prompt as f64 * 1e4).round() / 1e4)
}
