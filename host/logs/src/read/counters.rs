//! Token, round and tool counters.

use serde_json::Value;

use super::json::{Document, count, elements, members, number, seconds_ms, text};
use crate::run::{
    AgentCounters, ApiTiming, Counters, MemberLines, RecordedRound, Subagent, Tokens,
};

/// Reads the counters from `metrics_summary.json`, or from `status.json` if it is missing or truncated. Both hold the
/// same counters per agent.
pub(super) fn counters(metrics: Option<&Document>, status: Option<&Document>) -> Counters {
    let whole = [metrics, status].into_iter().flatten().find(|document| document.whole);
    let Some(document) = whole.or(metrics).or(status) else { return Counters::default() };
    let is_metrics = metrics.is_some_and(|metrics| std::ptr::eq(metrics, document));
    let json = &document.value;
    let tools = json.get("tools");
    let api = json.get("api_timing").unwrap_or(&Value::Null);
    Counters {
        agents: members(json, "agents")
            .map(|(id, agent)| (id.clone(), agent_counters(id, agent, &document.places)))
            .collect(),
        winner: metrics.and_then(|document| text(document.value.get("meta")?, "winner")),
        tool_failures: tools.map_or(0, |tools| count(tools, "total_failures")),
        has_tools: tools.is_some(),
        api_calls: count(api, "total_calls"),
        api_time_ms: number(api, "total_time_ms"),
        avg_ttft_ms: number(api, "avg_ttft_ms"),
        subagent_cost_usd: json.get("totals").map_or(0.0, |totals| number(totals, "subagent_cost")),
        api_by_round: timings(api, "by_round"),
        api_by_backend: timings(api, "by_backend"),
        file: if is_metrics { "metrics_summary.json" } else { "status.json" }.into(),
        lines: document.places.clone(),
    }
}

fn timings(api: &Value, key: &str) -> Vec<ApiTiming> {
    members(api, key)
        .map(|(name, json)| ApiTiming {
            name: name.clone(),
            calls: count(json, "calls"),
            time_ms: number(json, "time_ms"),
            ttft_ms: number(json, "ttft_ms"),
        })
        .collect()
}

fn agent_counters(id: &str, agent: &Value, places: &MemberLines) -> AgentCounters {
    let rounds = elements(agent, "round_history")
        .enumerate()
        .map(|(at, json)| round(json, places.line(&format!("agents/{id}/round_history/{at}"))));
    AgentCounters {
        tokens: agent.get("token_usage").map(tokens).unwrap_or_default(),
        rounds: rounds.collect(),
    }
}

fn round(json: &Value, line: u64) -> RecordedRound {
    RecordedRound {
        start_ms: seconds_ms(json, "start_time"),
        end_ms: seconds_ms(json, "end_time"),
        line,
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

/// Reads the subagents listed in `metrics_summary.json`.
pub(super) fn subagents(metrics: &Document) -> Vec<Subagent> {
    let Some(block) = metrics.value.get("subagents") else { return Vec::new() };
    elements(block, "subagents")
        .enumerate()
        .map(|(at, json)| Subagent {
            id: text(json, "subagent_id").unwrap_or_default(),
            status: text(json, "status").unwrap_or_default(),
            cost_usd: number(json, "estimated_cost"),
            input_tokens: count(json, "input_tokens"),
            output_tokens: count(json, "output_tokens"),
            api_calls: json.get("api_timing").map_or(0, |api| count(api, "total_calls")),
            wall_ms: (number(json, "elapsed_seconds").clamp(0.0, 1e9) * 1000.0).round() as u64,
            line: metrics.places.line(&format!("subagents/subagents/{at}")),
        })
        .collect()
}
