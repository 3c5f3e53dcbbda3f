//! Work that was done more than once: the same tool with the same arguments.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::redact::Redactor;
use crate::run::{Event, EventKind};

/// Equal calls of one attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicate {
    /// The tool's name.
    pub tool: String,
    /// The arguments; as cut text where they are long.
    pub args: Value,
    /// How often it was called so.
    pub count: u64,
    /// By whom.
    pub agents: Vec<String>,
    /// Lines in `events.jsonl`, at most 20.
    pub lines: Vec<u64>,
}

impl Duplicate {
    pub(super) fn redact(&mut self, redactor: &Redactor) {
        let text = self.args.to_string();
        if let std::borrow::Cow::Owned(clean) = redactor.line(&text) {
            self.args = serde_json::from_str(&clean).unwrap_or(Value::String(clean));
        }
    }
}

/// Calls that were made at least twice, the most frequent first.
pub(super) fn duplicates(events: &[Event]) -> Vec<Duplicate> {
    struct Group<'a> {
        args: &'a str,
        count: u64,
        agents: BTreeSet<&'a str>,
        lines: Vec<u64>,
    }
    let mut groups: BTreeMap<(&str, u64), Group<'_>> = BTreeMap::new();
    for event in events {
        let EventKind::ToolStart { tool, args, args_hash, .. } = &event.kind else { continue };
        let group = groups.entry((tool, *args_hash)).or_insert_with(|| Group {
            args,
            count: 0,
            agents: BTreeSet::new(),
            lines: Vec::new(),
        });
        group.count += 1;
        group.agents.extend(event.agent.as_deref());
        if group.lines.len() < 20 {
            group.lines.push(event.line);
        }
    }
    let mut found: Vec<Duplicate> = groups
        .into_iter()
        .filter(|(_, group)| group.count > 1)
        .map(|((tool, _), group)| Duplicate {
            tool: tool.to_string(),
            args: serde_json::from_str(group.args)
                .unwrap_or_else(|_| Value::String(group.args.to_string())),
            count: group.count,
            agents: group.agents.into_iter().map(String::from).collect(),
            lines: group.lines,
        })
        .collect();
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.lines.cmp(&b.lines)));
    found
}
