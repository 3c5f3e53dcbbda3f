//! Tool calls per round. In a long log, most rounds have the same counts as others: equal counts share memory.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::events::{Call, Events};

/// Number of calls by tool, sorted by name. Serialises as an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCounts(Option<Arc<Counts>>);

#[derive(Debug, PartialEq, Eq)]
struct Counts(Vec<(Arc<str>, u32)>);

impl ToolCounts {
    /// Each tool with its number of calls.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().flat_map(|counts| &counts.0).map(|(tool, count)| (&**tool, *count))
    }
}

impl Serialize for ToolCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Counts the calls of rounds.
pub(super) struct ToolCounter<'a> {
    events: &'a Events,
    known: HashMap<Vec<(u16, u32)>, ToolCounts>,
}

impl<'a> ToolCounter<'a> {
    pub(super) fn new(events: &'a Events) -> Self {
        Self { events, known: HashMap::new() }
    }

    pub(super) fn count(&mut self, calls: &[&Call]) -> ToolCounts {
        if calls.is_empty() {
            return ToolCounts::default();
        }
        let mut tools: Vec<u16> = calls.iter().map(|call| call.tool).collect();
        tools.sort_unstable_by_key(|tool| self.events.tools.get(usize::from(*tool)));
        let key: Vec<(u16, u32)> = tools
            .chunk_by(|a, b| a == b)
            .map(|equal| (equal[0], u32::try_from(equal.len()).unwrap_or(u32::MAX)))
            .collect();
        let named = |key: &Vec<(u16, u32)>| {
            let name = |tool: u16| self.events.tools.get(usize::from(tool)).cloned();
            let counts = key.iter().filter_map(|(tool, count)| Some((name(*tool)?, *count)));
            ToolCounts(Some(Arc::new(Counts(counts.collect()))))
        };
        self.known.entry(key).or_insert_with_key(named).clone()
    }
}
