//! The tool `query_events`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Definition, RunData, args, numbered};

const EVENTS_DEFAULT: u64 = 40;
const EVENTS_MAX: u64 = 200;
const LINE_CHARS_MAX: usize = 500;

pub(super) const DEFINITION: Definition = Definition {
    name: "query_events",
    description: "Shows events of the run (events.jsonl) in order, filtered by attempt, type and agent. Types: round_start, \
                  agent_restart, tool_start, tool_complete, answer_submitted, vote, text, status, final_answer, \
                  orchestrator_timeout, restart_banner, …",
    properties,
    run,
};

fn properties() -> Value {
    json!({
        "attempt": {"type": ["integer", "null"], "description": "number of the attempt; null for the last"},
        "event_type": {"type": ["string", "null"], "description": "only events of this type"},
        "agent": {"type": ["string", "null"], "description": "only events of this agent"},
        "from_line": {"type": ["integer", "null"], "description": "first line to consider"},
        "count": {"type": ["integer", "null"], "description": "maximum number of events, up to 200"},
    })
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    event_type: String,
    #[serde(default)]
    agent_id: Option<String>,
}

fn run(data: RunData<'_>, args: &Value) -> Result<String, String> {
    let last = data.facts.attempts.last().map_or(1, |attempt| u64::from(attempt.attempt));
    let attempt = args::number(args, "attempt").unwrap_or(last);
    let path = format!("turn_{}/attempt_{attempt}/events.jsonl", data.facts.turn);
    let wanted = args::text(args, "event_type");
    let agent = args::text(args, "agent");
    let from = args::number(args, "from_line").unwrap_or(1);
    let count = args::number(args, "count").unwrap_or(EVENTS_DEFAULT).clamp(1, EVENTS_MAX);
    let (mut text, mut shown, mut more) = (String::new(), 0, false);
    let read = data.files.each_line(&path, |number, line| {
        let event = serde_json::from_str::<Event>(line).ok();
        let matches = number >= from
            && wanted.is_none_or(|wanted| {
                event.as_ref().is_some_and(|event| event.event_type == wanted)
            })
            && agent.is_none_or(|agent| {
                event.as_ref().is_some_and(|event| event.agent_id.as_deref() == Some(agent))
            });
        if matches && shown == count {
            more = true;
        } else if matches {
            let line: String = line.chars().take(LINE_CHARS_MAX).collect();
            text.push_str(&numbered(&path, number, &line));
            shown += 1;
        }
        !more
    });
    read.map_err(|error| format!("{error}; this attempt may have no event log"))?;
    if more {
        text.push_str("… more events: set from_line\n");
    }
    if shown == 0 { Ok("no matching event".into()) } else { Ok(text) }
}
