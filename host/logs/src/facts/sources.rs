//! File and lines of each single figure of an attempt. Elements of lists have their own line fields.

use super::attempt::AttemptFacts;
use super::log_lines::{LogLines, Source};
use crate::events::MomentKind;
use crate::run::Attempt;

pub(super) fn sources(attempt: &Attempt, facts: &AttemptFacts) -> Vec<Source> {
    let mut list = Sources { attempt, found: Vec::new() };
    list.times(facts);
    list.counters(facts);
    list.ending(facts);
    list.found
}

struct Sources<'a> {
    attempt: &'a Attempt,
    found: Vec<Source>,
}

impl Sources<'_> {
    fn add(&mut self, fact: impl Into<String>, file: &str, start: u64, end: u64) {
        let lines = LogLines::of(&self.attempt.path, file, start, end);
        self.found.push(Source { fact: fact.into(), lines });
    }

    fn times(&mut self, facts: &AttemptFacts) {
        if let Some(span) = self.attempt.events.as_ref().and_then(|events| events.span) {
            self.add("wall_ms", "events.jsonl", span.first_line, span.last_line);
            for fact in ["tool_calls", "tool_failures", "unfinished_tool_calls", "restarts"] {
                self.add(fact, "events.jsonl", span.first_line, span.last_line);
            }
        } else if self.attempt.status.is_some() {
            let line =
                self.attempt.status.as_ref().map_or(0, |s| s.lines.line("meta/last_updated"));
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
            let line = counters.lines.line(path);
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

    fn ending(&mut self, facts: &AttemptFacts) {
        let mut moments = self.attempt.events.iter().flat_map(|events| events.moments.iter().rev());
        let last = moments
            .find(|moment| {
                matches!(
                    moment.kind,
                    MomentKind::FinalAnswer(_)
                        | MomentKind::Timeout(_)
                        | MomentKind::AttemptRestart(_)
                )
            })
            .map(|moment| u64::from(moment.line));
        if let Some(line) = last {
            self.add("outcome", "events.jsonl", line, line);
            if facts.winner.is_some() {
                self.add("winner", "events.jsonl", line, line);
            }
        } else if let Some(status) = &self.attempt.status {
            let line = status.lines.line("finish_reason");
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
