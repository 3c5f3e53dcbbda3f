//! Exports facts as rows, one JSON object each. `record` is the type of a row: `attempt`, `agent`, `round`, `call`,
//! `answer`, `vote` or `problem`. Every row has its run, turn and attempt, and the lines that it comes from.

use serde_json::{Map, Value, json};

use super::{attempt_of, call_state, calls};
use crate::facts::{AttemptFacts, Facts};
use crate::run::Run;

/// Calls `emit` with each row of a turn.
pub fn rows(facts: &Facts, run: &Run, emit: &mut dyn FnMut(Value)) {
    for attempt in &facts.attempts {
        let mut row = |record: &str, value: Value| {
            let mut object = Map::new();
            object.insert("record".into(), json!(record));
            object.insert("run".into(), json!(facts.run));
            object.insert("turn".into(), json!(facts.turn));
            object.insert("attempt".into(), json!(attempt.attempt));
            if let Value::Object(fields) = value {
                object.extend(fields.into_iter().filter(|(key, _)| key != "attempt"));
            }
            emit(Value::Object(object));
        };
        row("attempt", figures(attempt, facts));
        agents(attempt, &mut row);
        if let Some(events) = attempt_of(run, attempt.attempt).and_then(|a| a.events.as_ref()) {
            let origin = events.span.map_or(0, |span| span.first_us);
            for (_, agent, call) in calls(events) {
                row(
                    "call",
                    json!({
                        "agent": agent, "tool": events.tool(call), "state": call_state(call),
                        "start_ms": (call.start_us - origin) / 1000, "elapsed_ms": f64::from(call.elapsed_ms),
                        "recorded_failure": call.recorded_failure(), "command_pattern": events.pattern(call),
                        "result_chars": call.result_chars, "line": call.start_line, "end_line": call.end_line,
                    }),
                );
            }
        }
        attempt.answers.iter().for_each(|answer| row("answer", json!(answer)));
        attempt.votes.iter().for_each(|vote| row("vote", json!(vote)));
        let problems = facts.problems.iter().filter(|problem| problem.attempt == attempt.attempt);
        problems.for_each(|problem| row("problem", json!(problem)));
    }
}

/// Returns the scalar figures of an attempt, without its lists.
fn figures(attempt: &AttemptFacts, facts: &Facts) -> Value {
    let mut value = json!(attempt);
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_array() && !value.is_object());
        object.insert("started".into(), json!(facts.started));
        object.insert("question".into(), json!(facts.question));
        object.insert("massgen_version".into(), json!(facts.version));
    }
    value
}

fn agents(attempt: &AttemptFacts, row: &mut impl FnMut(&str, Value)) {
    for agent in &attempt.agents {
        let mut value = json!(agent);
        if let Some(object) = value.as_object_mut() {
            object.remove("segments");
        }
        row("agent", value);
        for segment in &agent.round_list {
            let mut value = json!(segment);
            if let Some(object) = value.as_object_mut() {
                object.insert("agent".into(), json!(agent.id));
            }
            row("round", value);
        }
    }
}
