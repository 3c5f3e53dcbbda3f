//! Exports a run as OTLP/JSON traces that follow OpenTelemetry's conventions for generative AI. A collector's
//! `otlpjsonfile` receiver reads one export request per line. An attempt is a trace; agents, rounds and tool calls
//! are its spans. The run's local times are written as UTC.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::{attempt_of, call_state, calls};
use crate::events::Events;
use crate::facts::{AgentFacts, AttemptFacts, Facts, RoundFacts};
use crate::run::Run;

/// Returns the export request of a turn. `version` is the version of this program.
pub fn otlp(facts: &Facts, run: &Run, version: &str) -> Value {
    let none = Events::default();
    let mut spans = Vec::new();
    for attempt in &facts.attempts {
        let events =
            attempt_of(run, attempt.attempt).and_then(|a| a.events.as_ref()).unwrap_or(&none);
        Trace::new(facts, attempt, events).write(&mut spans);
    }
    let mut resource = vec![text("service.name", "massgen"), text("massgen.run", &facts.run)];
    resource.extend(facts.version.as_deref().map(|version| text("service.version", version)));
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "massgen-logs", "version": version}, "spans": spans}],
    }]})
}

struct Trace<'a> {
    facts: &'a Facts,
    attempt: &'a AttemptFacts,
    events: &'a Events,
    id: String,
    origin_us: i64,
}

impl<'a> Trace<'a> {
    fn new(facts: &'a Facts, attempt: &'a AttemptFacts, events: &'a Events) -> Self {
        let name = format!("{}/{}/{}", facts.run, facts.turn, attempt.attempt);
        let id = format!("{:016x}{:016x}", hash(&(0u8, &name)), hash(&(1u8, &name)));
        let started = facts.started.as_deref().and_then(crate::time::naive_us);
        let origin_us = events.span.map(|span| span.first_us).or(started).unwrap_or(0);
        Self { facts, attempt, events, id, origin_us }
    }

    fn write(&self, spans: &mut Vec<Value>) {
        let attempt = self.attempt;
        let mut attributes = vec![
            number("massgen.turn", u64::from(self.facts.turn)),
            number("massgen.attempt", u64::from(attempt.attempt)),
            text("massgen.outcome", attempt.outcome.as_str()),
            double("massgen.cost_usd", attempt.cost_usd),
        ];
        attributes.extend(attempt.winner.as_deref().map(|winner| text("massgen.winner", winner)));
        let ok = attempt.outcome == crate::facts::Outcome::Completed;
        spans.push(self.span(
            &["attempt"],
            None,
            "massgen attempt",
            (0, attempt.wall_ms),
            &attributes,
            ok,
        ));
        for agent in &attempt.agents {
            self.agent(agent, spans);
        }
        for (at, agent, call) in calls(self.events) {
            let ms = |us: i64| u64::try_from((us - self.origin_us) / 1000).unwrap_or(0);
            let tool = self.events.tool(call);
            let mut attributes = vec![
                text("gen_ai.operation.name", "execute_tool"),
                text("gen_ai.tool.name", tool),
                text("massgen.state", call_state(call)),
                number("massgen.line", call.line()),
            ];
            if call.failed() {
                attributes.push(text("error.type", "tool_error"));
            }
            let round = self.round_at(agent, u64::from(call.start_line));
            let parent = match &round {
                Some(round) => vec!["round", agent, round.as_str()],
                None => vec!["agent", agent],
            };
            let at = at.to_string();
            let name = format!("execute_tool {tool}");
            let times = (ms(call.start_us), ms(call.end_us));
            spans.push(self.span(
                &["call", &at],
                Some(&parent),
                &name,
                times,
                &attributes,
                !call.failed(),
            ));
        }
    }

    fn agent(&self, agent: &AgentFacts, spans: &mut Vec<Value>) {
        let end = agent.round_list.iter().map(|s| s.start_ms + s.wall_ms).max().unwrap_or(0);
        let start = agent.round_list.iter().map(|s| s.start_ms).min().unwrap_or(0);
        let mut attributes = agent_attributes(agent);
        attributes.extend([
            number("gen_ai.usage.input_tokens", agent.input_tokens),
            number("gen_ai.usage.output_tokens", agent.output_tokens),
            double("massgen.cost_usd", agent.cost_usd),
        ]);
        let name = format!("invoke_agent {}", agent.id);
        let ok = agent.error.is_none();
        spans.push(self.span(
            &["agent", &agent.id],
            Some(&["attempt"]),
            &name,
            (start, end),
            &attributes,
            ok,
        ));
        for segment in &agent.round_list {
            self.round(agent, segment, spans);
        }
    }

    fn round(&self, agent: &AgentFacts, segment: &RoundFacts, spans: &mut Vec<Value>) {
        let mut attributes = agent_attributes(agent);
        attributes.extend([
            number("massgen.round", segment.round as u64),
            text("massgen.round.kind", &segment.kind),
            text("massgen.round.outcome", segment.outcome),
            number("massgen.line", segment.line),
        ]);
        if let Some(spend) = &segment.spend {
            attributes.extend([
                number("gen_ai.usage.input_tokens", spend.input_tokens),
                number("gen_ai.usage.output_tokens", spend.output_tokens),
                double("massgen.cost_usd", spend.cost_usd),
            ]);
        }
        let round = segment.round.to_string();
        let name = format!("round {} {}", segment.round, segment.kind);
        let times = (segment.start_ms, segment.start_ms + segment.wall_ms);
        let parent = ["agent", &agent.id];
        spans.push(self.span(
            &["round", &agent.id, &round],
            Some(&parent),
            &name,
            times,
            &attributes,
            true,
        ));
    }

    /// Returns the round of an agent that a line belongs to.
    fn round_at(&self, agent: &str, line: u64) -> Option<String> {
        let agent = self.attempt.agents.iter().find(|facts| facts.id == agent)?;
        let at = agent.round_list.partition_point(|segment| segment.line <= line);
        Some(agent.round_list.get(at.checked_sub(1)?)?.round.to_string())
    }

    fn span(
        &self,
        key: &[&str],
        parent: Option<&[&str]>,
        name: &str,
        (start_ms, end_ms): (u64, u64),
        attributes: &[Value],
        ok: bool,
    ) -> Value {
        let nanos = |ms: u64| {
            let us =
                self.origin_us.saturating_add(i64::try_from(ms).unwrap_or(0).saturating_mul(1000));
            us.saturating_mul(1000).max(0).to_string()
        };
        json!({
            "traceId": self.id, "spanId": self.span_id(key),
            "parentSpanId": parent.map(|key| self.span_id(key)).unwrap_or_default(),
            "name": name, "kind": 1, "startTimeUnixNano": nanos(start_ms),
            "endTimeUnixNano": nanos(end_ms.max(start_ms)), "attributes": attributes,
            "status": {"code": if ok { 1 } else { 2 }},
        })
    }

    fn span_id(&self, key: &[&str]) -> String {
        format!("{:016x}", hash(&(&self.id, key)).max(1))
    }
}

fn agent_attributes(agent: &AgentFacts) -> Vec<Value> {
    let mut attributes = vec![
        text("gen_ai.operation.name", "invoke_agent"),
        text("gen_ai.agent.name", &agent.id),
        text("gen_ai.agent.id", &agent.id),
    ];
    attributes.extend(agent.model.as_deref().map(|model| text("gen_ai.request.model", model)));
    attributes
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

fn number(key: &str, value: u64) -> Value {
    json!({"key": key, "value": {"intValue": value.to_string()}})
}

fn double(key: &str, value: f64) -> Value {
    json!({"key": key, "value": {"doubleValue": value}})
}
