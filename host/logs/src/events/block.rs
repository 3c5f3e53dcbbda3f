//! A block of the file, read independently of the others. Records are in line order; line numbers count from the
//! start of the block.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::line::{self, LineEvent, ToolEnd};
use super::names::Names;
use super::{CallFlags, JobReport, MomentKind, NO_AGENT, SpawnedSubagent};

/// The content of a block.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) lines: u64,
    pub(super) events: u64,
    /// Byte offset of the first line in the file.
    pub(super) start_at: u64,
    pub(super) records: Vec<Record>,
    pub(super) agents: Names,
    pub(super) tools: Names,
    pub(super) patterns: Names,
    /// Spans by agent index.
    pub(super) spans: Vec<Option<Span>>,
    /// Span of the events without an agent.
    pub(super) span_without_agent: Option<Span>,
    /// Unreadable lines with the reason.
    pub(super) complaints: Vec<(u64, String)>,
}

/// The first and the last event of an agent or a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Earliest time, naive local time in microseconds.
    pub first_us: i64,
    /// Latest time, naive local time in microseconds.
    pub last_us: i64,
    /// First line, from 1.
    pub first_line: u64,
    /// Last line, from 1.
    pub last_line: u64,
}

/// A line that facts are measured from.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) at_us: i64,
    pub(super) agent: u16,
    pub(super) kind: RecordKind,
}

#[derive(Debug)]
pub(super) enum RecordKind {
    Start {
        key: u64,
        tool: u16,
        args_hash: u64,
        pattern: u16,
        prompt: Option<u64>,
        start_at: u64,
    },
    End {
        key: u64,
        tool: u16,
        elapsed_ms: f32,
        flags: CallFlags,
        chars: u32,
        details: Option<Box<EndDetails>>,
    },
    Moment(MomentKind),
    Activity,
}

/// Details that few ends of calls have; boxed to keep records small.
#[derive(Debug, Default)]
pub(super) struct EndDetails {
    pub(super) failure: Option<String>,
    pub(super) subagents: Vec<SpawnedSubagent>,
    pub(super) job: Option<JobReport>,
}

/// Maximum number of complaints kept per block. The limit per file is lower.
const COMPLAINTS_MAX: usize = 64;

impl Block {
    /// Creates a block. `records` is an empty list whose memory is reused.
    pub(super) fn new(records: Vec<Record>) -> Self {
        let mut block = Self { records, ..Self::default() };
        block.patterns.index("");
        block
    }

    /// Adds complete lines, the first of which starts at byte `start_at` of the file.
    pub(super) fn add_lines(&mut self, bytes: &[u8], start_at: u64) {
        let text = simdutf8::basic::from_utf8(bytes);
        let mut at = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[at..]) {
            let start_at = start_at + at as u64;
            match text {
                Ok(text) => {
                    self.start_line(start_at);
                    self.parse(&text[at..at + length], start_at, true);
                }
                // Some line of the block is not UTF-8, not necessarily this one.
                Err(_) => self.add_line(&bytes[at..at + length], start_at, true),
            }
            at += length + 1;
        }
    }

    /// Adds the next line, which starts at byte `start_at` of the file. `complete`: it ends with a newline.
    pub(super) fn add_line(&mut self, bytes: &[u8], start_at: u64, complete: bool) {
        self.start_line(start_at);
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, Cow::Owned(_)) {
            self.complain("invalid UTF-8; the affected bytes are read as \u{fffd}".into());
        }
        self.parse(&text, start_at, complete);
    }

    fn parse(&mut self, text: &str, start_at: u64, complete: bool) {
        let text = text.trim_ascii();
        if text.is_empty() {
            return;
        }
        match line::parse(text) {
            Ok(parsed) => self.record(parsed, start_at),
            Err(why) if complete => self.complain(why),
            Err(_) => {
                self.complain(
                    "the last line is cut off: the run was killed or is still in progress".into(),
                );
            }
        }
    }

    /// Skips the next line, which starts at byte `start_at` of the file.
    pub(super) fn skip_line(&mut self, why: String, start_at: u64) {
        self.start_line(start_at);
        self.complain(why);
    }

    fn start_line(&mut self, start_at: u64) {
        if self.lines == 0 {
            self.start_at = start_at;
        }
        self.lines += 1;
    }

    fn complain(&mut self, message: String) {
        if self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push((self.lines, message));
        }
    }

    fn record(&mut self, parsed: line::ParsedLine<'_>, start_at: u64) {
        self.events += 1;
        let id = parsed.agent.as_deref().unwrap_or_default();
        let agent = parsed.agent.as_deref().map_or(NO_AGENT, |id| self.agents.index(id));
        self.extend_span(agent, parsed.at_us);
        let kind = match parsed.event {
            LineEvent::Irrelevant => return,
            LineEvent::Activity if agent == NO_AGENT => return,
            LineEvent::Activity => {
                // A streamed text is one activity: its first and last line suffice.
                if let [.., before, last] = self.records.as_mut_slice()
                    && [&*before, &*last].iter().all(|record| {
                        record.agent == agent && matches!(record.kind, RecordKind::Activity)
                    })
                {
                    last.at_us = last.at_us.max(parsed.at_us);
                    return;
                }
                RecordKind::Activity
            }
            LineEvent::Moment(kind) => RecordKind::Moment(kind),
            LineEvent::ToolStart { id: call, tool, args } => RecordKind::Start {
                key: key(id, &call, &tool),
                tool: self.tools.index(&tool),
                args_hash: args.hash,
                pattern: args.pattern.as_deref().map_or(0, |pattern| self.patterns.index(pattern)),
                prompt: args.prompt,
                start_at,
            },
            LineEvent::ToolEnd(end) => self.end(id, *end),
        };
        self.records.push(Record { line: self.lines, at_us: parsed.at_us, agent, kind });
    }

    fn end(&mut self, agent: &str, end: ToolEnd<'_>) -> RecordKind {
        let measured = end.measured;
        let mut flags = CallFlags::ENDED;
        flags.set(CallFlags::FAILED, measured.failure.is_some());
        flags.set(CallFlags::RECORDED_FAILURE, end.recorded_failure);
        flags.set(CallFlags::BACKGROUND, end.background);
        let has_details =
            measured.failure.is_some() || !measured.subagents.is_empty() || measured.job.is_some();
        RecordKind::End {
            key: key(agent, &end.id, &end.tool),
            tool: self.tools.index(&end.tool),
            elapsed_ms: end.elapsed_ms as f32,
            flags,
            chars: u32::try_from(measured.chars).unwrap_or(u32::MAX),
            details: has_details.then(|| {
                Box::new(EndDetails {
                    failure: measured.failure,
                    subagents: measured.subagents,
                    job: measured.job,
                })
            }),
        }
    }

    fn extend_span(&mut self, agent: u16, at_us: i64) {
        let line = self.lines;
        let here = Span { first_us: at_us, last_us: at_us, first_line: line, last_line: line };
        let span = match usize::from(agent) {
            _ if agent == NO_AGENT => &mut self.span_without_agent,
            agent => {
                if agent >= self.spans.len() {
                    self.spans.resize(agent + 1, None);
                }
                &mut self.spans[agent]
            }
        };
        match span {
            Some(span) => span.join(&here),
            None => *span = Some(here),
        }
    }
}

/// Returns the key that pairs the start and the end of a call. Services assign the ids, which may repeat across
/// agents.
fn key(agent: &str, id: &str, tool: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    agent.hash(&mut hasher);
    if id.is_empty() {
        (1u8, tool).hash(&mut hasher);
    } else {
        (0u8, id).hash(&mut hasher);
    }
    hasher.finish()
}
