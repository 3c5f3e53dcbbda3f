//! A run as a drawing: agents as lanes, rounds and tool calls as bars, answers, votes and restarts as marks. Serialises
//! as `timeline/1`.

use serde::Serialize;

use crate::events::{Call, Events, Moment, MomentKind};
use crate::facts::{AgentFacts, AttemptFacts, Facts, RoundFacts};
use crate::redact::Redactor;
use crate::run::{Attempt, Run};

/// Maximum number of drawn calls of a lane; failed and long ones come first.
const CALLS_MAX: usize = 1_500;

/// Maximum number of marks of a lane.
const MARKS_MAX: usize = 2_000;

/// Characters of a mark's text.
const TEXT_CHARS_MAX: usize = 300;

/// The timeline of a turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// `timeline/1`.
    pub schema: &'static str,
    /// The run's directory name.
    pub run: String,
    /// Number of the turn.
    pub turn: u32,
    /// The user's question.
    pub question: Option<String>,
    /// Start, naive local time.
    pub started: Option<String>,
    /// Attempts, by number.
    pub attempts: Vec<Track>,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Track {
    /// Number, from 1.
    pub attempt: u32,
    /// Path of its directory below the run.
    pub path: String,
    /// How it ended.
    pub outcome: &'static str,
    /// Wall time.
    pub wall_ms: u64,
    /// Agent that presented.
    pub winner: Option<String>,
    /// Agents, by id.
    pub lanes: Vec<Lane>,
    /// Marks that concern no single agent.
    pub marks: Vec<Mark>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lane {
    /// The agent's id.
    pub agent: String,
    /// The agent's model.
    pub model: Option<String>,
    /// Whether it presented the final answer.
    pub won: bool,
    /// Rounds, in order.
    pub rounds: Vec<RoundBar>,
    /// Tool calls, by start.
    pub calls: Vec<CallBar>,
    /// Number of calls that are not drawn.
    pub calls_left_out: u64,
    /// Answers, votes, restarts, troubles.
    pub marks: Vec<Mark>,
}

/// A round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoundBar {
    /// Number, from 0.
    pub round: usize,
    /// `initial_answer`, `voting`, `presentation`, …
    pub kind: String,
    /// How it ended.
    pub outcome: &'static str,
    /// Label of the answer, or the agent that was voted for.
    pub what: Option<String>,
    /// Start, in milliseconds after the attempt's first event.
    pub start_ms: u64,
    /// End, in milliseconds after the attempt's first event.
    pub end_ms: u64,
    /// Wall time that tool calls cover.
    pub exec_ms: u64,
    /// Tool calls that started in it.
    pub tool_calls: u64,
    /// Tool calls that failed.
    pub tool_failures: u64,
    /// Prompt tokens, if the metrics include this round.
    pub input_tokens: Option<u64>,
    /// Reply tokens, if the metrics include this round.
    pub output_tokens: Option<u64>,
    /// Cost in US dollars, if the metrics include this round.
    pub cost_usd: Option<f64>,
    /// First line in `events.jsonl`.
    pub line: u64,
    /// Last line.
    pub end_line: u64,
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallBar {
    /// The tool's name.
    pub tool: String,
    /// Start, in milliseconds after the attempt's first event.
    pub start_ms: u64,
    /// End, in milliseconds after the attempt's first event.
    pub end_ms: u64,
    /// `ok`, `failed`, `unfinished` or `background`.
    pub state: &'static str,
    /// Description of the failure.
    pub failure: Option<String>,
    /// Line of the start.
    pub line: u64,
    /// Line of the end.
    pub end_line: u64,
}

/// A point in time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// `answer`, `vote`, `restart`, `final`, `trouble`, `timeout`, `attempt_restart`, or an event's name.
    pub kind: &'static str,
    /// Milliseconds after the attempt's first event.
    pub at_ms: u64,
    /// Text of the mark.
    pub text: String,
    /// Line in `events.jsonl`.
    pub line: u64,
}

/// Returns the timeline of the last turn that was read, with secrets redacted.
pub fn timeline(run: &Run, facts: &Facts, redactor: &Redactor) -> Timeline {
    let attempts = run.turns.last().map(|turn| turn.attempts.as_slice()).unwrap_or_default();
    let tracks = facts.attempts.iter().filter_map(|facts| {
        let attempt = attempts.iter().find(|attempt| attempt.number == facts.attempt)?;
        Some(track(attempt, facts, redactor))
    });
    Timeline {
        schema: "timeline/1",
        run: facts.run.clone(),
        turn: facts.turn,
        question: facts.question.clone(),
        started: facts.started.clone(),
        attempts: tracks.collect(),
    }
}

fn track(attempt: &Attempt, facts: &AttemptFacts, redactor: &Redactor) -> Track {
    let none = Events::default();
    let events = attempt.events.as_ref().unwrap_or(&none);
    let origin = events.span.map_or(0, |span| span.first_us);
    let painter = Painter { events, origin, redactor };
    let lanes = facts.agents.iter().map(|agent| painter.lane(agent, facts));
    Track {
        attempt: facts.attempt,
        path: facts.path.clone(),
        outcome: facts.outcome.as_str(),
        wall_ms: facts.wall_ms,
        winner: facts.winner.clone(),
        lanes: lanes.collect(),
        marks: painter.marks(crate::events::NO_AGENT),
    }
}

struct Painter<'a> {
    events: &'a Events,
    origin: i64,
    redactor: &'a Redactor,
}

impl Painter<'_> {
    fn ms(&self, at_us: i64) -> u64 {
        u64::try_from((at_us - self.origin + 500) / 1000).unwrap_or(0)
    }

    fn text(&self, text: &str) -> String {
        let short: String = text.chars().take(TEXT_CHARS_MAX).collect();
        self.redactor.line(&short).into_owned()
    }

    fn lane(&self, agent: &AgentFacts, facts: &AttemptFacts) -> Lane {
        let index = self.events.agent_index(&agent.id);
        let mut calls: Vec<(usize, &Call)> = self
            .events
            .calls
            .iter()
            .enumerate()
            .filter(|(_, call)| Some(call.agent) == index)
            .collect();
        let left_out = calls.len().saturating_sub(CALLS_MAX);
        if left_out > 0 {
            calls.sort_by_key(|(_, call)| {
                (!call.failed() && call.ended(), call.start_us - call.end_us)
            });
            calls.truncate(CALLS_MAX);
        }
        calls.sort_by_key(|(_, call)| call.start_us);
        let mut marks = index.map(|index| self.marks(index)).unwrap_or_default();
        if self.events.count == 0 {
            marks = recorded_marks(agent, facts);
        }
        Lane {
            agent: agent.id.clone(),
            model: agent.model.clone(),
            won: agent.won,
            rounds: agent.round_list.iter().map(round).collect(),
            calls: calls.into_iter().map(|(at, call)| self.call(at, call)).collect(),
            calls_left_out: left_out as u64,
            marks,
        }
    }

    fn call(&self, at: usize, call: &Call) -> CallBar {
        let state = match call {
            call if !call.ended() => "unfinished",
            call if call.failed() => "failed",
            call if call.background() => "background",
            _ => "ok",
        };
        let words = self.events.failure_words.get(&(at as u32));
        CallBar {
            tool: self.events.tool(call).to_string(),
            start_ms: self.ms(call.start_us),
            end_ms: self.ms(call.end_us),
            state,
            failure: words.map(|words| self.text(words)),
            line: u64::from(call.start_line),
            end_line: u64::from(call.end_line),
        }
    }

    fn marks(&self, agent: u16) -> Vec<Mark> {
        let mine = self.events.moments.iter().filter(|moment| moment.agent == agent);
        mine.filter_map(|moment| self.mark(moment)).take(MARKS_MAX).collect()
    }

    fn mark(&self, moment: &Moment) -> Option<Mark> {
        let (kind, text) = match &moment.kind {
            MomentKind::Answer(answer) => ("answer", answer.label.to_string()),
            MomentKind::Vote(vote) => ("vote", format!("{}: {}", vote.target, vote.reason)),
            MomentKind::Restart(reason) => ("restart", reason.to_string()),
            MomentKind::FinalAnswer(_) => ("final", "final answer".to_string()),
            MomentKind::Trouble(message) => ("trouble", message.to_string()),
            MomentKind::Timeout(timeout) => ("timeout", timeout.0.clone()),
            MomentKind::AttemptRestart(reason) => ("attempt_restart", reason.to_string()),
            MomentKind::Mark("evaluation_criteria_set" | "post_evaluation") => return None,
            MomentKind::Mark(name) => (*name, (*name).replace('_', " ")),
            MomentKind::RoundStart | MomentKind::PresentationStart(_) | MomentKind::Activity(_) => {
                return None;
            }
        };
        Some(Mark {
            kind,
            at_ms: self.ms(moment.at_us),
            text: self.text(&text),
            line: u64::from(moment.line),
        })
    }
}

fn round(round: &RoundFacts) -> RoundBar {
    let spend = round.spend.as_ref();
    RoundBar {
        round: round.round,
        kind: round.kind.to_string(),
        outcome: round.outcome,
        what: round.what.as_deref().map(String::from),
        start_ms: round.start_ms,
        end_ms: round.start_ms + round.wall_ms,
        exec_ms: round.exec_ms,
        tool_calls: round.tool_calls,
        tool_failures: round.tool_failures,
        input_tokens: spend.map(|spend| spend.input_tokens),
        output_tokens: spend.map(|spend| spend.output_tokens),
        cost_usd: spend.map(|spend| spend.cost_usd),
        line: round.line,
        end_line: round.end_line,
    }
}

/// Marks for a run without events: answers and votes come from other files.
fn recorded_marks(agent: &AgentFacts, facts: &AttemptFacts) -> Vec<Mark> {
    let answers = facts.answers.iter().filter(|answer| *answer.agent == *agent.id).map(|answer| {
        Mark { kind: "answer", at_ms: answer.at_ms, text: answer.label.to_string(), line: 0 }
    });
    let votes = facts.votes.iter().filter(|vote| *vote.voter == *agent.id).map(|vote| Mark {
        kind: "vote",
        at_ms: vote.at_ms,
        text: format!("{}: {}", vote.target, vote.reason),
        line: 0,
    });
    let mut marks: Vec<Mark> = answers.chain(votes).collect();
    marks.sort_by_key(|mark| mark.at_ms);
    marks
}
