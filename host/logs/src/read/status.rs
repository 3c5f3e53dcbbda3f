//! `status.json`: outcome, question and the state of each agent.

use serde_json::Value;

use super::json::{Document, count, elements, members, seconds_ms, text};
use crate::run::{AgentStatus, AttemptStatus};

pub(super) fn status(document: Document) -> AttemptStatus {
    let json = &document.value;
    let meta = json.get("meta").unwrap_or(&Value::Null);
    let results = json.get("results").unwrap_or(&Value::Null);
    AttemptStatus {
        finish_reason: text(json, "finish_reason").unwrap_or_default(),
        winner: text(results, "winner"),
        question: text(meta, "question"),
        start_ms: seconds_ms(meta, "start_time"),
        updated_ms: seconds_ms(meta, "last_updated"),
        agents: members(json, "agents")
            .map(|(id, agent)| (id.clone(), agent_status(agent)))
            .collect(),
        lines: document.places,
    }
}

fn agent_status(agent: &Value) -> AgentStatus {
    let reliability = agent.get("reliability").unwrap_or(&Value::Null);
    let mut status = AgentStatus {
        state: text(agent, "status").unwrap_or_default(),
        error: agent.get("error").and_then(|error| text(error, "message")),
        restarts: count(agent, "times_restarted"),
        chars_lost: count(reliability, "total_buffer_chars_lost"),
        ..AgentStatus::default()
    };
    for attempt in elements(reliability, "enforcement_attempts") {
        let reason = text(attempt, "reason").unwrap_or_else(|| "unknown".into());
        let retries = status.enforcement.entry(reason).or_default();
        retries.count += 1;
        retries.chars_lost += count(attempt, "buffer_chars");
        *retries.rounds.entry(count(attempt, "round")).or_default() += 1;
    }
    status
}
