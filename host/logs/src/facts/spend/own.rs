//! What belongs to one attempt. MassGen's counters run on over the turns and attempts of a process, so
//! that summing them counts twice.

use std::collections::BTreeSet;

use crate::run::{AgentCounters, Attempt, RecordedRound, Tokens};

/// An agent's own share of cumulative counters.
#[derive(Debug, Default)]
pub(in crate::facts) struct Own<'a> {
    pub(in crate::facts) tokens: Tokens,
    pub(in crate::facts) rounds: Vec<&'a RecordedRound>,
}

/// Takes away what earlier attempts had already counted. They were counted by the same process if one of
/// their rounds stands in this history too, or, where no round was recorded yet, if every figure grew on
/// within the same turn.
pub(in crate::facts) fn own<'a>(id: &str, attempt: &'a Attempt, before: &[&Attempt]) -> Own<'a> {
    let Some(counters) = attempt.counters.agents.get(id) else { return Own::default() };
    let earlier = before.iter().rev().find_map(|a| a.counters.agents.get(id));
    let starts: BTreeSet<i64> = before
        .iter()
        .filter_map(|a| a.counters.agents.get(id))
        .flat_map(|c| &c.rounds)
        .map(|r| r.start_ms)
        .collect();
    let rounds: Vec<_> =
        counters.rounds.iter().filter(|round| !starts.contains(&round.start_ms)).collect();
    let runs_on = rounds.len() < counters.rounds.len()
        || (starts.is_empty() && same_process(attempt, before));
    match earlier {
        Some(earlier) if runs_on && grew(counters, earlier) => {
            Own { tokens: difference(&counters.tokens, &earlier.tokens), rounds }
        }
        _ => Own { tokens: counters.tokens, rounds },
    }
}

/// Attempts of one turn are made by one process.
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
        // Cost is a float of six decimals; keep it one.
        cost_usd: ((now.cost_usd - earlier.cost_usd).max(0.0) * 1e9).round() / 1e9,
    }
}

/// Share of the prompt that came from a cache. Anthropic reports cached tokens beside the input, the others
/// within it.
pub(in crate::facts) fn cache_hit_rate(
    tokens: &Tokens,
    backend: Option<&str>,
    model: Option<&str>,
) -> Option<f64> {
    let beside = backend.is_some_and(|backend| backend.starts_with("claude"))
        || (backend.is_none() && model.is_some_and(|model| model.contains("claude")))
        || tokens.cached > tokens.input;
    let prompt = if beside { tokens.input + tokens.cached } else { tokens.input };
    (prompt > 0).then(|| (tokens.cached as f64 / prompt as f64 * 1e4).round() / 1e4)
}
