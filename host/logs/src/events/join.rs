//! Puts the parts of a file together, in order: pairs calls, joins activity, counts on.

use std::collections::HashMap;
use std::sync::Arc;

use super::names::Names;
use super::part::{Part, Record, RecordKind, Span};
use super::{Call, Events, Moment, MomentKind, NOBODY, flag};
use crate::files::Checkpoint;

/// Moments that are kept. A run of thousands of rounds has fewer.
const MOMENTS_MAX: usize = 250_000;

/// Failures whose words are kept; their number is exact in any case.
const WORDS_MAX: usize = 2_000;

/// Subagents that are kept, and as many jobs and prompts.
const SIDE_RECORDS_MAX: usize = 10_000;

/// The file so far.
#[derive(Debug, Default)]
pub(super) struct Joined {
    events: Events,
    agents: Names,
    tools: Names,
    patterns: Names,
    spans: HashMap<u16, Span>,
    /// Calls without an end, by key.
    open: HashMap<u64, u32>,
    /// The last moment of each agent, by its place.
    last: Vec<Option<u32>>,
    pub(super) complaints: Vec<(u64, String)>,
}

impl Joined {
    /// Adds the part that follows, and gives its list of records back, empty.
    pub(super) fn add(&mut self, mut part: Part) -> Vec<Record> {
        let base = self.events.lines;
        if part.lines > 0 {
            self.events.checkpoints.push(Checkpoint { line: base + 1, at: part.start_at });
        }
        let agents = moved(&mut self.agents, &part.agents);
        let tools = moved(&mut self.tools, &part.tools);
        let patterns = moved(&mut self.patterns, &part.patterns);
        let agent_of = |at: u16| if at == NOBODY { NOBODY } else { agents[usize::from(at)] };
        let spans = part.spans.into_iter().zip(0..).chain([(part.span_of_nobody, NOBODY)]);
        for (span, agent) in spans.filter_map(|(span, agent)| Some((span?, agent))) {
            let span = Span {
                first_line: span.first_line + base,
                last_line: span.last_line + base,
                ..span
            };
            self.spans.entry(agent_of(agent)).and_modify(|known| known.join(&span)).or_insert(span);
        }
        for mut record in part.records.drain(..) {
            record.line += base;
            record.agent = agent_of(record.agent);
            match &mut record.what {
                RecordKind::Start { tool, pattern, .. } => {
                    *tool = tools[usize::from(*tool)];
                    *pattern = patterns[usize::from(*pattern)];
                }
                RecordKind::End { tool, .. } => *tool = tools[usize::from(*tool)],
                _ => {}
            }
            self.record(record);
        }
        self.complaints.extend(part.complaints.into_iter().map(|(line, why)| (line + base, why)));
        self.events.lines += part.lines;
        self.events.count += part.events;
        part.records
    }

    fn record(&mut self, record: Record) {
        let Record { line, at_us, agent, what } = record;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        match what {
            RecordKind::Activity => self.touch(line, at_us, agent),
            RecordKind::Moment(kind) => self.moment(Moment { at_us, line, agent, kind }),
            RecordKind::Start { key, tool, args_hash, pattern, prompt, start_at } => {
                let place = self.events.calls.len() as u32;
                self.open.insert(key, place);
                self.aside(|events| &mut events.prompts, prompt.map(|prompt| (place, prompt)));
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
                    flags: 0,
                });
                self.touch(line, at_us, agent);
            }
            RecordKind::End { .. } => {
                self.end(line, at_us, agent, what);
                self.touch(line, at_us, agent);
            }
        }
    }

    fn end(&mut self, line: u32, at_us: i64, agent: u16, what: RecordKind) {
        let RecordKind::End { key, tool, elapsed_ms, flags, chars, extra } = what else { return };
        let place = self.open.remove(&key).unwrap_or_else(|| {
            // The start was lost with a broken line: the recorded time tells when it was.
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
                flags: 0,
            });
            (self.events.calls.len() - 1) as u32
        });
        let call = &mut self.events.calls[place as usize];
        call.end_us = at_us;
        call.end_line = line;
        call.elapsed_ms = elapsed_ms;
        call.result_chars = chars;
        call.flags |= flags;
        let Some(extra) = extra else { return };
        if let Some(words) = extra.failure.filter(|_| self.events.failure_words.len() < WORDS_MAX) {
            self.events.failure_words.insert(place, words.into());
        }
        let subagents = extra.subagents.into_iter().map(|subagent| (place, subagent));
        self.aside(|events| &mut events.spawned, subagents);
        self.aside(|events| &mut events.jobs, extra.job.map(|job| (place, job)));
    }

    /// Keeps what few calls have, or counts what there is no room for.
    fn aside<T>(
        &mut self,
        list: impl Fn(&mut Events) -> &mut Vec<T>,
        items: impl IntoIterator<Item = T>,
    ) {
        for item in items {
            let list = list(&mut self.events);
            if list.len() < SIDE_RECORDS_MAX {
                list.push(item);
            } else {
                self.events.asides_left_out += 1;
            }
        }
    }

    fn moment(&mut self, moment: Moment) {
        if self.events.moments.len() >= MOMENTS_MAX {
            self.events.moments_left_out += 1;
            return;
        }
        if moment.agent != NOBODY {
            let agent = usize::from(moment.agent);
            self.last.resize(self.last.len().max(agent + 1), None);
            self.last[agent] = Some(self.events.moments.len() as u32);
        }
        self.events.moments.push(moment);
    }

    /// An agent is active: its last stretch of activity goes on, or a new one begins.
    fn touch(&mut self, line: u32, at_us: i64, agent: u16) {
        if agent == NOBODY {
            return;
        }
        if let Some(Some(place)) = self.last.get(usize::from(agent))
            && let MomentKind::Activity(until) = &mut self.events.moments[*place as usize].kind
        {
            *until = at_us.max(*until);
            return;
        }
        self.moment(Moment { at_us, line, agent, kind: MomentKind::Activity(at_us) });
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> Events {
        for place in self.open.into_values() {
            let call = &mut self.events.calls[place as usize];
            let last = self.spans.get(&call.agent).map_or(call.start_us, |span| span.last_us);
            call.end_us = last.max(call.start_us);
        }
        // A start whose id came again before its end stays open too.
        for call in &mut self.events.calls {
            if call.flags & flag::ENDED == 0 && call.end_us == call.start_us {
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

/// Where the names of a part are among those of the file.
fn moved(known: &mut Names, of_part: &Names) -> Vec<u16> {
    of_part.list.iter().map(|name: &Arc<str>| known.place(name)).collect()
}

impl Span {
    /// Takes in another span.
    pub(super) fn join(&mut self, other: &Span) {
        self.first_us = self.first_us.min(other.first_us);
        self.last_us = self.last_us.max(other.last_us);
        self.first_line = self.first_line.min(other.first_line);
        self.last_line = self.last_line.max(other.last_line);
    }
}
