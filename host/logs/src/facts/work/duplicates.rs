//! Repeated work: calls to one tool with the same arguments, across agents, rounds and attempts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::super::agents::{AgentFacts, RoundFacts};
use crate::events::{Call, Events, groups, is_reader};
use crate::redact::Redactor;
use crate::run::Attempt;

/// Maximum number of listed groups.
const LISTED_MAX: usize = 200;

const LINES_MAX: usize = 20;

/// Calls in one attempt with the same tool and arguments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicate {
    /// The tool's name.
    pub tool: String,
    /// Arguments; long ones as shortened text.
    pub args: Value,
    /// Number of calls.
    pub count: u64,
    /// Agents that made the calls.
    pub agents: Vec<String>,
    /// Number of rounds with these calls, counted per agent.
    pub rounds: u64,
    /// Total time of all calls except the first.
    pub repeated_ms: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Whether the tool only reads: repeating it is useless unless the data changed.
    pub reads: bool,
    /// Lines in `events.jsonl`, at most 20.
    pub lines: Vec<u64>,
}

/// Calls in several attempts of a turn with the same tool and arguments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AcrossAttempts {
    /// The tool's name.
    pub tool: String,
    /// Number of calls by attempt.
    pub attempts: BTreeMap<u32, u64>,
    /// Line of the first call in each attempt.
    pub lines: BTreeMap<u32, u64>,
}

impl Duplicate {
    pub(in crate::facts) fn redact(&mut self, redactor: &Redactor) {
        let text = self.args.to_string();
        if let std::borrow::Cow::Owned(clean) = redactor.line(&text) {
            self.args = serde_json::from_str(&clean).unwrap_or(Value::String(clean));
        }
    }
}

/// Returns calls made at least twice, most frequent first.
pub(super) fn duplicates(events: &Events, agents: &[AgentFacts]) -> Vec<Duplicate> {
    listed(events, &events.repeated, agents)
}

/// Returns prompts passed to tools more than once, with any other arguments. Calls that are equal in every argument
/// are in `duplicates` already.
pub(super) fn prompts(
    events: &Events,
    agents: &[AgentFacts],
    duplicates: &[Duplicate],
) -> Vec<Duplicate> {
    let has_start =
        |index: u32| events.calls.get(index as usize).is_some_and(|call| call.start_line > 0);
    let prompts = events.prompts.iter().filter(|(index, _)| has_start(*index));
    let groups = groups(prompts.map(|(index, prompt)| (*prompt, *index)).collect(), LISTED_MAX);
    let mut found = listed(events, &groups, agents);
    found.retain(|prompt| {
        !duplicates.iter().any(|d| d.count >= prompt.count && d.lines == prompt.lines)
    });
    found
}

fn listed(events: &Events, groups: &[Vec<u32>], agents: &[AgentFacts]) -> Vec<Duplicate> {
    let rounds: Vec<&[RoundFacts]> = events
        .agents
        .iter()
        .map(|id| agents.iter().find(|agent| *agent.id == **id))
        .map(|agent| agent.map_or(&[][..], |agent| &agent.round_list))
        .collect();
    let duplicate = |group: &Vec<u32>| {
        let calls: Vec<&Call> = group.iter().map(|index| &events.calls[*index as usize]).collect();
        duplicate(events, &calls, &rounds)
    };
    groups.iter().take(LISTED_MAX).map(duplicate).collect()
}

/// Describes a group of equal calls. `rounds_by_agent` has the rounds of each agent of the events.
fn duplicate(events: &Events, calls: &[&Call], rounds_by_agent: &[&[RoundFacts]]) -> Duplicate {
    let first = calls[0];
    let tool = events.tool(first).to_string();
    let who: BTreeSet<u16> = calls.iter().map(|call| call.agent).collect();
    let mut agents: Vec<_> = who.iter().filter_map(|agent| events.agent(*agent)).collect();
    agents.sort_unstable();
    // A call's round is found by its line: lines only go forward.
    let mut rounds: Vec<(u16, usize)> = calls
        .iter()
        .filter_map(|call| {
            let line = u64::from(call.start_line);
            let rounds = rounds_by_agent.get(usize::from(call.agent))?;
            Some((call.agent, rounds.partition_point(|round| round.line <= line)))
        })
        .collect();
    rounds.sort_unstable();
    rounds.dedup();
    let args = events.repeated_args.get(&(first.tool, first.args_hash));
    Duplicate {
        reads: is_reader(&tool),
        tool,
        args: args.map_or(Value::Null, |text| {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }),
        count: calls.len() as u64,
        agents: agents.into_iter().map(String::from).collect(),
        rounds: rounds.len() as u64,
        repeated_ms: calls[1..].iter().map(|call| f64::from(call.elapsed_ms)).sum::<f64>().round()
            as u64,
        failures: calls.iter().filter(|call| call.failed()).count() as u64,
        lines: calls.iter().take(LINES_MAX).map(|call| u64::from(call.start_line)).collect(),
    }
}

/// Returns calls that several attempts made with the same arguments: a restart repeated the work.
pub(in crate::facts) fn across_attempts(attempts: &[Attempt]) -> Vec<AcrossAttempts> {
    if attempts.len() < 2 {
        return Vec::new();
    }
    let mut found: BTreeMap<(&str, u64), AcrossAttempts> = BTreeMap::new();
    for attempt in attempts {
        let Some(events) = &attempt.events else { continue };
        for call in events.calls.iter().filter(|call| call.start_line > 0) {
            let tool = events.tool(call);
            let group = found.entry((tool, call.args_hash)).or_insert_with(|| AcrossAttempts {
                tool: tool.to_string(),
                attempts: BTreeMap::new(),
                lines: BTreeMap::new(),
            });
            *group.attempts.entry(attempt.number).or_default() += 1;
            group.lines.entry(attempt.number).or_insert(u64::from(call.start_line));
        }
    }
    let mut found: Vec<_> = found.into_values().filter(|group| group.attempts.len() > 1).collect();
    found.sort_by_key(|group| std::cmp::Reverse(group.attempts.values().sum::<u64>()));
    found.truncate(LISTED_MAX);
    found
}
