//! `coordination_events.json`, without the entries for streamed text, which are three quarters of it.

use serde_json::Value;

use super::Source;
use super::json::{elements, seconds_ms, text};
use crate::run::Coordination;

const FILE: &str = "coordination_events.json";

/// Events that `events.jsonl` lacks or holds with fewer details.
const USED_EVENTS: &[&str] = &[
    "new_answer",
    "vote_cast",
    "vote_ignored",
    "restart_triggered",
    "agent_timeout",
    "agent_error",
    "agent_stopped",
    "final_agent_selected",
];

pub(super) fn read(source: &mut Source<'_>) -> Vec<Coordination> {
    let Some(json) = source.json(FILE) else { return Vec::new() };
    elements(&json.value, "events")
        .enumerate()
        .filter_map(|(at, value)| event(value, json.places.line(&format!("events/{at}"))))
        .collect()
}

fn event(json: &Value, line: u64) -> Option<Coordination> {
    let kind = text(json, "event_type").filter(|kind| USED_EVENTS.contains(&kind.as_str()))?;
    let context = json.get("context").unwrap_or(&Value::Null);
    Some(Coordination {
        line,
        at_ms: seconds_ms(json, "timestamp"),
        agent: text(json, "agent_id"),
        details: text(json, "details").unwrap_or_default(),
        subject: text(context, "voted_for").or_else(|| text(context, "label")),
        label: text(context, "voted_for_label"),
        reason: text(context, "reason"),
        kind,
    })
}
