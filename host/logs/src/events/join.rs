//! Joins the blocks of a file in order: pairs the starts and ends of calls, merges activity, and numbers lines from
//! the start of the file.

use std::collections::HashMap;
use std::sync::Arc;

use super::block::{Block, Record, RecordKind, Span};
use super::names::Names;
use super::{Call, CallFlags, Events, Moment, MomentKind, NO_AGENT};
use crate::files::Checkpoint;

/// Maximum number of moments kept; runs of thousands of rounds stay below it.
const MOMENTS_MAX: usize = 250_000;

/// Maximum number of failure messages kept. Failures are counted without a limit.
const FAILURE_WORDS_MAX: usize = 2_000;

/// Maximum number of subagents kept; the same limit holds for jobs and for prompts.
const SIDE_RECORDS_MAX: usize = 10_000;

/// The blocks joined so far.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    events: Events,
    agents: Names,
    tools: Names,
    patterns: Names,
    spans: HashMap<u16, Span>,
    /// Indices of calls without an end, by key.
    open: HashMap<u64, u32>,
    /// Index of the last moment of each agent, by agent index.
    last_moments: Vec<Option<u32>>,
    pub(super) complaints: Vec<(u64, String)>,
}

impl Joiner {
    /// Adds the next block and returns its emptied list of records for reuse.
    pub(super) fn add(&mut self, mut block: Block) -> Vec<Record> {
        let base = self.events.lines;
        if block.lines > 0 {
            self.events.checkpoints.push(Checkpoint { line: base + 1, at: block.start_at });
        }
        let agents = merge(&mut self.agents, &block.agents);
        let tools = merge(&mut self.tools, &block.tools);
        let patterns = merge(&mut self.patterns, &block.patterns);
        let agent_of = |at: u16| if at == NO_AGENT { NO_AGENT } else { agents[usize::from(at)] };
        let spans = block.spans.into_iter().zip(0..).chain([(block.span_without_agent, NO_AGENT)]);
        for (span, agent) in spans.filter_map(|(span, agent)| Some((span?, agent))) {
            let span = Span {
                first_line: span.first_line + base,
                last_line: span.last_line + base,
                ..span
            };
            self.spans.entry(agent_of(agent)).and_modify(|known| known.join(&span)).or_insert(span);
        }
        for mut record in block.records.drain(..) {
            record.line += base;
            record.agent = agent_of(record.agent);
            match &mut record.kind {
                RecordKind::Start { tool, pattern, .. } => {
                    *tool = tools[usize::from(*tool)];
                    *pattern = patterns[usize::from(*pattern)];
                }
                RecordKind::End { tool, .. } => *tool = tools[usize::from(*tool)],
                _ => {}
            }
            self.record(record);
        }
        self.complaints.extend(block.complaints.into_iter().map(|(line, why)| (line + base, why)));
        self.events.lines += block.lines;
        self.events.count += block.events;
        block.records
    }

    fn record(&mut self, record: Record) {
        let Record { line, at_us, agent, kind } = record;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        match kind {
            RecordKind::Activity => self.activity(line, at_us, agent),
            RecordKind::Moment(kind) => self.moment(Moment { at_us, line, agent, kind }),
            RecordKind::Start { key, tool, args_hash, pattern, prompt, start_at } => {
                let index = self.events.calls.len() as u32;
                self.open.insert(key, index);
                let prompt = prompt.map(|prompt| (index, prompt));
                self.side_records(|events| &mut events.prompts, prompt);
                self.events.calls.push(Call {
                    start_us: at_us,
                    end_us: at_us,
                    args_hash,
                    start_at,
                    start_line: line,
                    end_line: 0,
                    result_chars: 0,
                    elapsed_ms: 0.0,
                    agent,
                    tool,
                    pattern,
                    flags: CallFlags::empty(),
                });
                self.activity(line, at_us, agent);
            }
            RecordKind::End { .. } => {
                self.end(line, at_us, agent, kind);
                self.activity(line, at_us, agent);
            }
        }
    }

    fn end(&mut self, line: u32, at_us: i64, agent: u16, kind: RecordKind) {
        let RecordKind::End { key, tool, elapsed_ms, flags, chars, details } = kind else { return };
        let index = self.open.remove(&key).unwrap_or_else(|| {
            // The start is missing, for example on a broken line: derive it from the recorded duration.
            self.events.calls.push(Call {
                start_us: at_us - (f64::from(elapsed_ms) * 1000.0) as i64,
                end_us: at_us,
                args_hash: 0,
                start_at: 0,
                start_line: 0,
                end_line: line,
                result_chars: 0,
                elapsed_ms: 0.0,
                agent,
                tool,
                pattern: 0,
                flags: CallFlags::empty(),
            });
            (self.events.calls.len() - 1) as u32
        });
        let call = &mut self.events.calls[index as usize];
        call.end_us = at_us;
        call.end_line = line;
        call.elapsed_ms = elapsed_ms;
        call.result_chars = chars;
        call.flags |= flags;
        let Some(details) = details else { return };
        if self.events.failure_words.len() < FAILURE_WORDS_MAX
            && let Some(words) = details.failure
        {
            self.events.failure_words.insert(index, words.into());
        }
        let subagents = details.subagents.into_iter().map(|subagent| (index, subagent));
        self.side_records(|events| &mut events.spawned, subagents);
        self.side_records(|events| &mut events.jobs, details.job.map(|job| (index, job)));
    }

    /// Adds items to one of the limited lists and counts those beyond the limit.
    fn side_records<T>(
        &mut self,
        list: impl Fn(&mut Events) -> &mut Vec<T>,
        items: impl IntoIterator<Item = T>,
    ) {
        for item in items {
            let list = list(&mut self.events);
            if list.len() < SIDE_RECORDS_MAX {
                list.push(item);
            } else {
                self.events.side_records_left_out += 1;
            }
        }
    }

    fn moment(&mut self, moment: Moment) {
        if self.events.moments.len() >= MOMENTS_MAX {
            self.events.moments_left_out += 1;
            return;
        }
        if moment.agent != NO_AGENT {
            let agent = usize::from(moment.agent);
            self.last_moments.resize(self.last_moments.len().max(agent + 1), None);
            self.last_moments[agent] = Some(self.events.moments.len() as u32);
        }
        self.events.moments.push(moment);
    }

    /// Extends the agent's last moment if it is an activity, or else adds a new activity.
    fn activity(&mut self, line: u32, at_us: i64, agent: u16) {
        if agent == NO_AGENT {
            return;
        }
        if let Some(Some(index)) = self.last_moments.get(usize::from(agent))
            && let MomentKind::Activity(until) = &mut self.events.moments[*index as usize].kind
        {
            *until = at_us.max(*until);
            return;
        }
        self.moment(Moment { at_us, line, agent, kind: MomentKind::Activity(at_us) });
    }

    /// Closes unfinished calls and returns the content of the file.
    pub(super) fn finish(mut self) -> Events {
        for index in self.open.into_values() {
            let call = &mut self.events.calls[index as usize];
            let last = self.spans.get(&call.agent).map_or(call.start_us, |span| span.last_us);
            call.end_us = last.max(call.start_us);
        }
        // A call whose id was reused before its end is unfinished too.
        for call in &mut self.events.calls {
            if !call.ended() && call.end_us == call.start_us {
                let last = self.spans.get(&call.agent).map_or(call.start_us, |span| span.last_us);
                call.end_us = last.max(call.start_us);
            }
        }
        let mut whole: Option<Span> = None;
        for span in self.spans.values() {
            match &mut whole {
                Some(whole) => whole.join(span),
                None => whole = Some(*span),
            }
        }
        let none = Span { first_us: 0, last_us: 0, first_line: 0, last_line: 0 };
        let spans = (0..self.agents.list.len() as u16)
            .map(|agent| self.spans.get(&agent).copied().unwrap_or(none));
        self.events.agent_spans = spans.collect();
        self.events.span = whole;
        self.events.agents = self.agents.list;
        self.events.tools = self.tools.list;
        self.events.patterns = self.patterns.list;
        self.events
    }
}

/// Adds the names of a block to those of the file and returns their new indices.
fn merge(known: &mut Names, added: &Names) -> Vec<u16> {
    added.list.iter().map(|name: &Arc<str>| known.index(name)).collect()
}

impl Span {
    /// Extends the span to include `other`.
    pub(super) fn join(&mut self, other: &Span) {
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        self.first_line = self.first_line.min(other.first_line);
        self.last_line = self.last_line.max(other.last_line);
    }
}
