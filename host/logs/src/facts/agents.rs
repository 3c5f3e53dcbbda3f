//! What each agent did with its time and tokens.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::checklist::{self, Checklist};
use super::interval::{ms, union_ms};
use super::segments::{self, Round};
use super::spend::{Own, SegmentSpend, cache_hit_rate, own, spend_of};
use super::tool_counts::{self, ToolCounts};
use crate::events::{Call, Events, MomentKind, Span};
use crate::run::Attempt;

/// One agent of an attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct AgentFacts {
    /// Its id.
    pub id: String,
    /// Its model, from the configuration.
    pub model: Option<String>,
    /// Rounds it began, cut-off ones included.
    pub rounds: u64,
    /// From its first to its last event.
    pub wall_ms: u64,
    /// Wall time within rounds that no tool call covers: the model, and waiting for it.
    pub think_ms: u64,
    /// Wall time that tool calls cover; parallel calls count once.
    pub exec_ms: u64,
    /// Of `exec_ms`, what calls that run a shell command cover.
    pub shell_ms: u64,
    /// From the starts of its rounds to the first sign of life in each: servers that start, and the first
    /// reply.
    pub startup_ms: u64,
    /// Between its rounds.
    pub idle_ms: u64,
    /// From the start of its first round to its first tool call.
    pub time_to_first_tool_ms: Option<u64>,
    /// Time in calls that wait for background tools.
    pub bg_wait_ms: u64,
    /// Prompt tokens of this attempt alone.
    pub input_tokens: u64,
    /// Reply tokens of this attempt alone.
    pub output_tokens: u64,
    /// Cached part of the prompt tokens.
    pub cached_tokens: u64,
    /// Reasoning part of the reply tokens.
    pub reasoning_tokens: u64,
    /// As MassGen estimated it, for this attempt alone.
    pub cost_usd: f64,
    /// Its share of the attempt's cost, 0 to 1.
    pub cost_share: Option<f64>,
    /// Share of the prompt that was cached.
    pub cache_hit_rate: Option<f64>,
    /// Finished tool calls.
    pub tool_calls: u64,
    /// Those whose result shows a failure.
    pub tool_failures: u64,
    /// Those that MassGen recorded as failures.
    pub recorded_tool_failures: u64,
    /// Calls that never ended.
    pub unfinished_tool_calls: u64,
    /// Answers that it handed in.
    pub answers: u64,
    /// Votes that it cast.
    pub votes_cast: u64,
    /// Votes for it that counted at the end.
    pub votes_received: u64,
    /// It presented the final answer.
    pub won: bool,
    /// Rounds of its that were cut off.
    pub restarts: u64,
    /// Wall time of rounds that were cut off.
    pub restarted_ms: u64,
    /// Tokens of this attempt that no recorded round holds.
    pub unattributed_input_tokens: u64,
    /// The agent's counter as recorded; it runs on over attempts and turns.
    pub recorded_input_tokens: u64,
    /// The state that `status.json` gives.
    pub recorded_state: Option<String>,
    /// Why it was stopped.
    pub error: Option<String>,
    /// Its first and last line in `events.jsonl`.
    pub lines: Option<(u64, u64)>,
    /// Its rounds, in order.
    pub segments: Vec<Segment>,
}

/// A round as the events show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// From 0, in order.
    pub round: usize,
    /// `initial_answer`, `voting`, `presentation`, or what MassGen calls it.
    pub kind: Cow<'static, str>,
    /// Milliseconds after the attempt's first event.
    pub start_ms: u64,
    /// Wall time.
    pub wall_ms: u64,
    /// Wall time that tool calls cover.
    pub exec_ms: u64,
    /// The rest of it.
    pub think_ms: u64,
    /// From its start to the first sign of life.
    pub first_activity_ms: Option<u64>,
    /// From its start to its first tool call.
    pub first_tool_ms: Option<u64>,
    /// `answer`, `vote`, `presentation`, `restarted`, `unfinished`.
    pub outcome: &'static str,
    /// The answer's label, or who was voted for.
    pub what: Option<Arc<str>>,
    /// Tool calls that began in it.
    pub tool_calls: u64,
    /// Those that failed.
    pub tool_failures: u64,
    /// How often each tool was called.
    pub tools: ToolCounts,
    /// Tokens and cost, where MassGen's counters hold this round.
    pub spend: Option<Box<SegmentSpend>>,
    /// Time around a checklist, if one was submitted.
    pub checklist: Option<Box<Checklist>>,
    /// Line in `events.jsonl` where it begins; 0 where MassGen's counters alone tell of it.
    pub line: u64,
    /// Its last line.
    pub end_line: u64,
}

/// An agent, measured, with its rounds.
pub(super) type Measured = (AgentFacts, Vec<Round>);

/// Measures every agent that any file names.
pub(super) fn agents(attempt: &Attempt, before: &[&Attempt], origin_us: i64) -> Vec<Measured> {
    let none = Events::default();
    let events = attempt.events.as_ref().unwrap_or(&none);
    let mut ids: BTreeSet<&str> = attempt.counters.agents.keys().map(String::as_str).collect();
    ids.extend(attempt.status.iter().flat_map(|status| status.agents.keys()).map(String::as_str));
    ids.extend(events.agents.iter().map(|id| &**id));
    ids.extend(attempt.metadata.models.keys().map(String::as_str));
    ids.extend(
        attempt
            .coordination
            .iter()
            .filter(|e| e.kind == "new_answer")
            .filter_map(|e| e.agent.as_deref()),
    );
    let by_agent = ByAgent::new(events);
    ids.into_iter()
        .map(|id| Agent { id, attempt, before, events, origin_us, by_agent: &by_agent }.measure())
        .collect()
}

/// Places of calls and moments, by agent: agents can be many, and lines too.
struct ByAgent {
    calls: Vec<Vec<u32>>,
    moments: Vec<Vec<u32>>,
}

impl ByAgent {
    fn new(events: &Events) -> Self {
        let mut sorted = Self {
            calls: vec![Vec::new(); events.agents.len()],
            moments: vec![Vec::new(); events.agents.len()],
        };
        for (at, call) in events.calls.iter().enumerate() {
            if let Some(calls) = sorted.calls.get_mut(usize::from(call.agent)) {
                calls.push(at as u32);
            }
        }
        for (at, moment) in events.moments.iter().enumerate() {
            if let Some(moments) = sorted.moments.get_mut(usize::from(moment.agent)) {
                moments.push(at as u32);
            }
        }
        sorted
    }
}

struct Agent<'a> {
    id: &'a str,
    attempt: &'a Attempt,
    before: &'a [&'a Attempt],
    events: &'a Events,
    origin_us: i64,
    by_agent: &'a ByAgent,
}

impl Agent<'_> {
    fn measure(&self) -> Measured {
        let index = self.events.agent_index(self.id).map(usize::from);
        let of = |lists: &'_ [Vec<u32>]| -> Vec<u32> {
            index.and_then(|index| lists.get(index)).cloned().unwrap_or_default()
        };
        let mut calls: Vec<&Call> =
            of(&self.by_agent.calls).iter().map(|at| &self.events.calls[*at as usize]).collect();
        // By line, not by time: a clock that was put back would give a call to many rounds.
        calls.sort_by_key(|call| first_line(call));
        let moments = of(&self.by_agent.moments);
        let moments = || moments.iter().map(|at| &self.events.moments[*at as usize]);
        let rounds = segments::rounds(moments());
        let own = own(self.id, self.attempt, self.before);
        let mut facts = self.recorded(&own);
        count_calls(&mut facts, self.events, &calls);
        for moment in moments() {
            match &moment.kind {
                MomentKind::Answer(_) => facts.answers += 1,
                MomentKind::Vote(_) => facts.votes_cast += 1,
                _ => {}
            }
        }
        let span = index.and_then(|index| self.events.agent_spans.get(index));
        if let Some(span) = span {
            self.times(&mut facts, span, &rounds, &calls);
        } else {
            facts.wall_ms = own.rounds.iter().map(|round| round.duration_ms as u64).sum();
        }
        facts.rounds = if span.is_none() { own.rounds.len() } else { rounds.len() } as u64;
        facts.segments = if span.is_none() && self.attempt.events.is_none() {
            self.recorded_segments(&own)
        } else {
            self.segments(&rounds, &calls, &own)
        };
        facts.restarts = rounds.iter().filter(|round| round.outcome == "restarted").count() as u64;
        facts.restarted_ms =
            rounds.iter().filter(|round| round.outcome == "restarted").map(Round::wall_ms).sum();
        (facts, rounds)
    }

    fn recorded(&self, own: &Own<'_>) -> AgentFacts {
        let status = self.attempt.status.as_ref().and_then(|status| status.agents.get(self.id));
        let backend = self.attempt.metadata.backends.get(self.id).map(String::as_str);
        let model = self.attempt.metadata.models.get(self.id).cloned();
        AgentFacts {
            id: self.id.to_string(),
            input_tokens: own.tokens.input,
            output_tokens: own.tokens.output,
            cached_tokens: own.tokens.cached,
            reasoning_tokens: own.tokens.reasoning,
            cost_usd: own.tokens.cost_usd,
            cache_hit_rate: cache_hit_rate(&own.tokens, backend, model.as_deref()),
            unattributed_input_tokens: own
                .tokens
                .input
                .saturating_sub(own.rounds.iter().map(|r| r.tokens.input).sum()),
            recorded_input_tokens: self
                .attempt
                .counters
                .agents
                .get(self.id)
                .map_or(0, |c| c.tokens.input),
            recorded_state: status.map(|status| status.state.clone()),
            error: status.and_then(|status| status.error.clone()),
            model,
            ..AgentFacts::default()
        }
    }

    fn times(&self, facts: &mut AgentFacts, span: &Span, rounds: &[Round], calls: &[&Call]) {
        facts.wall_ms = ms(span.last_us - span.first_us);
        facts.lines = Some((span.first_line, span.last_line));
        let start = rounds.first().map_or(span.first_us, |round| round.start_us);
        facts.time_to_first_tool_ms = calls.first().map(|call| ms(call.start_us - start));
        facts.exec_ms = union_ms(calls.iter().copied().map(times_of));
        facts.shell_ms =
            union_ms(calls.iter().filter(|call| call.pattern > 0).copied().map(times_of));
        let in_rounds: u64 = rounds.iter().map(Round::wall_ms).sum();
        facts.think_ms = in_rounds.saturating_sub(facts.exec_ms);
        facts.idle_ms = facts.wall_ms.saturating_sub(in_rounds);
        facts.startup_ms = rounds
            .iter()
            .filter_map(|round| Some(ms(round.first_activity_us? - round.start_us)))
            .sum();
    }

    fn segments(&self, rounds: &[Round], calls: &[&Call], own: &Own<'_>) -> Vec<Segment> {
        let mut spends = spend_of(rounds, own, self.attempt);
        let mut found = Vec::with_capacity(rounds.len());
        let mut counts = tool_counts::Counting::new(self.events);
        for (index, round) in rounds.iter().enumerate() {
            let next = rounds.get(index + 1).map_or(u64::MAX, |next| next.line);
            // A call belongs to the round in which it began, also one that began after the answer.
            let first = if index == 0 { 0 } else { round.line };
            let from = calls.partition_point(|call| first_line(call) < first);
            let to = calls.partition_point(|call| first_line(call) < next);
            let mine = &calls[from..to.max(from)];
            let clipped = mine
                .iter()
                .map(|call| (call.start_us.max(round.start_us), call.end_us.min(round.end_us)));
            let exec_ms = union_ms(clipped);
            let spend = spends.remove(&index);
            found.push(Segment {
                round: index,
                kind: spend.as_ref().map_or(round.kind.into(), |(kind, _)| kind.clone().into()),
                start_ms: ms(round.start_us - self.origin_us),
                wall_ms: round.wall_ms(),
                exec_ms,
                think_ms: round.wall_ms().saturating_sub(exec_ms),
                first_activity_ms: round.first_activity_us.map(|at| ms(at - round.start_us)),
                first_tool_ms: mine.first().map(|call| ms(call.start_us - round.start_us)),
                outcome: round.outcome,
                what: round.what.clone(),
                tool_calls: mine.len() as u64,
                tool_failures: mine.iter().filter(|call| call.failed()).count() as u64,
                tools: counts.of(mine),
                spend: spend.map(|(_, spend)| Box::new(spend)),
                checklist: checklist::of_round(self.events, mine, round.start_us, round.end_us)
                    .map(Box::new),
                line: round.line,
                end_line: round.end_line,
            });
        }
        found
    }

    /// Without events, what the metrics hold.
    fn recorded_segments(&self, own: &Own<'_>) -> Vec<Segment> {
        let start = self.attempt.status.as_ref().map_or(0, |status| status.start_ms);
        let rounds = own.rounds.iter().enumerate().map(|(index, round)| Segment {
            round: index,
            kind: round.kind.clone().into(),
            start_ms: u64::try_from(round.start_ms - start).unwrap_or(0),
            wall_ms: round.duration_ms.max(0.0).round() as u64,
            exec_ms: 0,
            think_ms: 0,
            first_activity_ms: None,
            first_tool_ms: None,
            outcome: known_outcome(&round.outcome),
            what: None,
            tool_calls: 0,
            tool_failures: 0,
            tools: ToolCounts::default(),
            spend: Some(Box::new(SegmentSpend::of(round, &self.attempt.counters.file))),
            checklist: None,
            line: 0,
            end_line: 0,
        });
        rounds.collect()
    }
}

fn known_outcome(recorded: &str) -> &'static str {
    const KNOWN: &[&str] =
        &["answer", "vote", "presentation", "post_evaluation", "restarted", "error", "timeout"];
    KNOWN.iter().find(|known| **known == recorded).copied().unwrap_or("unfinished")
}

/// The line that tells of a call first.
fn first_line(call: &Call) -> u64 {
    u64::from(if call.start_line > 0 { call.start_line } else { call.end_line })
}

fn times_of(call: &Call) -> (i64, i64) {
    (call.start_us, call.end_us)
}

fn count_calls(facts: &mut AgentFacts, events: &Events, calls: &[&Call]) {
    for call in calls {
        if !call.ended() {
            facts.unfinished_tool_calls += 1;
            continue;
        }
        facts.tool_calls += 1;
        facts.tool_failures += u64::from(call.failed());
        facts.recorded_tool_failures += u64::from(call.recorded_failure());
        if events.tool(call).contains("wait_for_background_tool") {
            facts.bg_wait_ms += call.elapsed_ms.round() as u64;
        }
    }
}
