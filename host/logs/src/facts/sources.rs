//! Where the figures of an attempt were read: each fact names its file and lines. Lists carry their lines
//! themselves; this is about single figures.

use super::attempt::AttemptFacts;
use super::place::{Place, Source};
use crate::events::MomentKind;
use crate::run::Attempt;

pub(super) fn sources(attempt: &Attempt, facts: &AttemptFacts) -> Vec<Source> {
    let mut list = List { attempt, found: Vec::new() };
    list.times(facts);
    list.counters(facts);
    list.endings(facts);
    list.found
}

struct List<'a> {
    attempt: &'a Attempt,
    found: Vec<Source>,
}

impl List<'_> {
    fn add(&mut self, fact: impl Into<String>, file: &str, start: u64, end: u64) {
        let place = Place::of(&self.attempt.path, file, start, end);
        self.found.push(Source { fact: fact.into(), place });
    }

    fn times(&mut self, facts: &AttemptFacts) {
        if let Some(span) = self.attempt.events.as_ref().and_then(|events| events.span) {
            self.add("wall_ms", "events.jsonl", span.first_line, span.last_line);
            for fact in ["tool_calls", "tool_failures", "unfinished_tool_calls", "restarts"] {
                self.add(fact, "events.jsonl", span.first_line, span.last_line);
            }
        } else if self.attempt.status.is_some() {
            let line =
                self.attempt.status.as_ref().map_or(0, |s| s.places.line("meta/last_updated"));
            self.add("wall_ms", "status.json", line, line);
        }
        for agent in &facts.agents {
            let Some((first, last)) = agent.lines else { continue };
            for fact in ["wall_ms", "think_ms", "exec_ms", "tool_calls", "tool_failures"] {
                self.add(format!("agents/{}/{fact}", agent.id), "events.jsonl", first, last);
            }
        }
    }

    fn counters(&mut self, facts: &AttemptFacts) {
        let counters = &self.attempt.counters;
        if counters.file.is_empty() {
            return;
        }
        let file = counters.file.clone();
        let mut add = |fact: String, path: &str| {
            let line = counters.places.line(path);
            if line > 0 {
                self.add(fact, &file, line, line);
            }
        };
        for agent in &facts.agents {
            let usage = format!("agents/{}/token_usage", agent.id);
            for (fact, field) in [
                ("input_tokens", "input_tokens"),
                ("output_tokens", "output_tokens"),
                ("cached_tokens", "cached_input_tokens"),
                ("reasoning_tokens", "reasoning_tokens"),
                ("cost_usd", "estimated_cost"),
            ] {
                add(format!("agents/{}/{fact}", agent.id), &format!("{usage}/{field}"));
            }
        }
        add("recorded_winner".into(), "meta/winner");
        add("recorded_tool_failures".into(), "tools/total_failures");
        add("recorded_duration_ms".into(), "rounds");
        add("api".into(), "api_timing");
        add("subagent_cost_usd".into(), "totals/subagent_cost");
    }

    fn endings(&mut self, facts: &AttemptFacts) {
        let moments = self.attempt.events.iter().flat_map(|events| events.moments.iter().rev());
        let last = moments
            .filter(|moment| {
                matches!(
                    moment.kind,
                    MomentKind::FinalAnswer(_)
                        | MomentKind::Timeout(_)
                        | MomentKind::AttemptRestart(_)
                )
            })
            .map(|moment| u64::from(moment.line))
            .next();
        if let Some(line) = last {
            self.add("outcome", "events.jsonl", line, line);
            if facts.winner.is_some() {
                self.add("winner", "events.jsonl", line, line);
            }
        } else if let Some(status) = &self.attempt.status {
            let line = status.places.line("finish_reason");
            self.add("outcome", "status.json", line, line);
        } else if self.attempt.metadata.failure_line > 0 {
            let line = self.attempt.metadata.failure_line;
            self.add("outcome", "execution_metadata.yaml", line, line);
        }
        let log = &self.attempt.log;
        if !log.file.is_empty() {
            let file = log.file.clone();
            for fact in ["exceptions", "api_errors", "log_errors", "unknown_tool_calls"] {
                self.add(fact, &file, 1, log.lines);
            }
        }
    }
}
