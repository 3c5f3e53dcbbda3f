//! A stretch of the file, read on its own: records in the order of its lines, with lines counted from the
//! stretch's beginning.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::line::{self, ToolEnd, What};
use super::names::Names;
use super::{Job, MomentKind, NOBODY, SpawnedSubagent, flag};

/// What a stretch holds.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) lines: u64,
    pub(super) events: u64,
    /// Byte of the file at which the first line begins.
    pub(super) start_at: u64,
    pub(super) records: Vec<Record>,
    pub(super) agents: Names,
    pub(super) tools: Names,
    pub(super) patterns: Names,
    /// By the place of the agent.
    pub(super) spans: Vec<Option<Span>>,
    /// Of events that name none.
    pub(super) span_of_nobody: Option<Span>,
    /// Lines that can't be read, and why.
    pub(super) complaints: Vec<(u64, String)>,
}

/// First and last event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Time of the earliest event, naive local microseconds.
    pub first_us: i64,
    /// Time of the latest.
    pub last_us: i64,
    /// First line.
    pub first_line: u64,
    /// Last line.
    pub last_line: u64,
}

/// A line that matters.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) at_us: i64,
    pub(super) agent: u16,
    pub(super) what: RecordKind,
}

#[derive(Debug)]
pub(super) enum RecordKind {
    Start { key: u64, tool: u16, args_hash: u64, pattern: u16, prompt: Option<u64>, start_at: u64 },
    End { key: u64, tool: u16, elapsed_ms: f32, flags: u8, chars: u32, extra: Option<Box<Extra>> },
    Moment(MomentKind),
    Activity,
}

/// What few ends of calls have.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pub(super) failure: Option<String>,
    pub(super) subagents: Vec<SpawnedSubagent>,
    pub(super) job: Option<Job>,
}

/// Complaints of a part that are kept; the file's own limit is lower.
const COMPLAINTS_MAX: usize = 64;

impl Part {
    /// `records`: an empty list with room, of a part that was joined before.
    pub(super) fn new(records: Vec<Record>) -> Self {
        let mut part = Self { records, ..Self::default() };
        part.patterns.place("");
        part
    }

    /// Takes whole lines, the first of which begins at byte `start_at` of the file.
    pub(super) fn lines(&mut self, bytes: &[u8], start_at: u64) {
        let text = simdutf8::basic::from_utf8(bytes);
        let mut at = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[at..]) {
            let start_at = start_at + at as u64;
            match text {
                Ok(text) => {
                    self.begin(start_at);
                    self.text(&text[at..at + length], start_at, true);
                }
                // One of the lines is to blame, perhaps another one.
                Err(_) => self.line(&bytes[at..at + length], start_at, true),
            }
            at += length + 1;
        }
    }

    /// Takes the next line, which begins at byte `start_at` of the file. `complete`: it has a line end.
    pub(super) fn line(&mut self, bytes: &[u8], start_at: u64, complete: bool) {
        self.begin(start_at);
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, Cow::Owned(_)) {
            self.complain("holds bytes that are not UTF-8; they are read as \u{fffd}".into());
        }
        self.text(&text, start_at, complete);
    }

    fn text(&mut self, text: &str, start_at: u64, complete: bool) {
        let text = text.trim_ascii();
        if text.is_empty() {
            return;
        }
        match line::parse(text) {
            Ok(parsed) => self.take(parsed, start_at),
            Err(why) if complete => self.complain(why),
            Err(_) => {
                self.complain(
                    "the last line is cut off: the run was killed or is still going on".into(),
                );
            }
        }
    }

    /// Passes over the next line, which begins at byte `start_at` of the file.
    pub(super) fn left_out(&mut self, why: String, start_at: u64) {
        self.begin(start_at);
        self.complain(why);
    }

    fn begin(&mut self, start_at: u64) {
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

    fn take(&mut self, parsed: line::Parsed<'_>, start_at: u64) {
        self.events += 1;
        let id = parsed.agent.as_deref().unwrap_or_default();
        let agent = parsed.agent.as_deref().map_or(NOBODY, |id| self.agents.place(id));
        self.stretch(agent, parsed.at_us);
        let what = match parsed.what {
            What::Nothing => return,
            What::Activity if agent == NOBODY => return,
            What::Activity => {
                // A stream of chunks is one stretch of activity: its first and its last line are enough.
                if let [.., before, last] = self.records.as_mut_slice()
                    && [&*before, &*last].iter().all(|record| {
                        record.agent == agent && matches!(record.what, RecordKind::Activity)
                    })
                {
                    last.at_us = last.at_us.max(parsed.at_us);
                    return;
                }
                RecordKind::Activity
            }
            What::Moment(kind) => RecordKind::Moment(kind),
            What::ToolStart { id: call, tool, args } => RecordKind::Start {
                key: key(id, &call, &tool),
                tool: self.tools.place(&tool),
                args_hash: args.hash,
                pattern: args.pattern.as_deref().map_or(0, |pattern| self.patterns.place(pattern)),
                prompt: args.prompt,
                start_at,
            },
            What::ToolEnd(end) => self.end(id, *end),
        };
        self.records.push(Record { line: self.lines, at_us: parsed.at_us, agent, what });
    }

    fn end(&mut self, agent: &str, end: ToolEnd<'_>) -> RecordKind {
        let measured = end.measured;
        let mut flags = flag::ENDED;
        for (is_set, bit) in [
            (measured.failure.is_some(), flag::FAILED),
            (end.recorded_failure, flag::RECORDED_FAILURE),
            (end.background, flag::BACKGROUND),
            (measured.subagents.iter().any(|subagent| subagent.hollow), flag::HOLLOW),
        ] {
            if is_set {
                flags |= bit;
            }
        }
        let has_extra =
            measured.failure.is_some() || !measured.subagents.is_empty() || measured.job.is_some();
        RecordKind::End {
            key: key(agent, &end.id, &end.tool),
            tool: self.tools.place(&end.tool),
            elapsed_ms: end.elapsed_ms as f32,
            flags,
            chars: u32::try_from(measured.chars).unwrap_or(u32::MAX),
            extra: has_extra.then(|| {
                Box::new(Extra {
                    failure: measured.failure,
                    subagents: measured.subagents,
                    job: measured.job,
                })
            }),
        }
    }

    fn stretch(&mut self, agent: u16, at_us: i64) {
        let line = self.lines;
        let here = Span { first_us: at_us, last_us: at_us, first_line: line, last_line: line };
        let span = match usize::from(agent) {
            _ if agent == NOBODY => &mut self.span_of_nobody,
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

/// Pairs the start and the end of a call. Ids are given by services and need not differ between agents.
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
