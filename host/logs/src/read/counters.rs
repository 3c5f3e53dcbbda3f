//! Token, round and tool counters.

use serde_json::Value;

use super::json::{count, elements, members, number, seconds_ms, text};
use crate::run::{AgentCounters, Counters, RecordedRound, Subagent, Tokens};

/// Counters of `metrics_summary.json` or, where it is missing, of `status.json`: both hold the same per
/// agent.
pub(super) fn counters(metrics: Option<&Value>, status: Option<&Value>) -> Counters {
    let Some(json) = metrics.or(status) else { return Counters::default() };
    let tools = json.get("tools");
    let api = json.get("api_timing").unwrap_or(&Value::Null);
    Counters {
        agents: members(json, "agents")
            .map(|(id, agent)| (id.clone(), agent_counters(agent)))
            .collect(),
        winner: metrics.and_then(|json| text(json.get("meta")?, "winner")),
        tool_failures: tools.map_or(0, |tools| count(tools, "total_failures")),
        has_tools: tools.is_some(),
        api_calls: count(api, "total_calls"),
        api_time_ms: number(api, "total_time_ms"),
        avg_ttft_ms: number(api, "avg_ttft_ms"),
        subagent_cost_usd: json.get("totals").map_or(0.0, |totals| number(totals, "subagent_cost")),
    }
}

fn agent_counters(agent: &Value) -> AgentCounters {
    AgentCounters {
        tokens: agent.get("token_usage").map(tokens).unwrap_or_default(),
        rounds: elements(agent, "round_history").map(round).collect(),
    }
}

fn round(json: &Value) -> RecordedRound {
    RecordedRound {
        start_ms: seconds_ms(json, "start_time"),
        duration_ms: number(json, "duration_ms"),
        kind: text(json, "round_type").unwrap_or_default(),
        outcome: text(json, "outcome").unwrap_or_default(),
        tokens: tokens(json),
    }
}

fn tokens(json: &Value) -> Tokens {
    Tokens {
        input: count(json, "input_tokens"),
        output: count(json, "output_tokens"),
        cached: count(json, "cached_input_tokens"),
        reasoning: count(json, "reasoning_tokens"),
        cost_usd: number(json, "estimated_cost"),
    }
}

/// The subagents that `metrics_summary.json` lists.
pub(super) fn subagents(metrics: &Value) -> Vec<Subagent> {
    let Some(block) = metrics.get("subagents") else { return Vec::new() };
    elements(block, "subagents")
        .map(|json| Subagent {
            id: text(json, "subagent_id").unwrap_or_default(),
            status: text(json, "status").unwrap_or_default(),
            cost_usd: number(json, "estimated_cost"),
            input_tokens: count(json, "input_tokens"),
            api_calls: json.get("api_timing").map_or(0, |api| count(api, "total_calls")),
        })
        .collect()
}
