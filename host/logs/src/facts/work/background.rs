//! Tools that went on in the background: the call that starts them ends at once, their own end stands in the
//! result of a later call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::interval::ms;
use crate::events::Events;

/// One job.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct BackgroundJob {
    /// `bgtool_…`.
    pub id: String,
    /// What it ran.
    pub tool: String,
    /// Who was told of it.
    pub agent: Option<String>,
    /// The last status that was told.
    pub status: String,
    /// Milliseconds after the attempt's first event.
    pub start_ms: Option<u64>,
    /// From start to end; none if its end was never told.
    pub wall_ms: Option<u64>,
    /// Lines in `events.jsonl` that tell of it.
    pub lines: Vec<u64>,
}

pub(in crate::facts) fn background_jobs(events: &Events, origin_us: i64) -> Vec<BackgroundJob> {
    let mut found: BTreeMap<&str, BackgroundJob> = BTreeMap::new();
    for (place, told) in &events.jobs {
        let Some(call) = events.calls.get(*place as usize) else { continue };
        let job = found.entry(&told.id).or_default();
        job.id.clone_from(&told.id);
        job.tool.clone_from(&told.tool);
        job.agent = events.agent(call.agent).map(String::from);
        job.status.clone_from(&told.status);
        if let Some(started) = told.started_us {
            job.start_ms = Some(ms(started - origin_us));
            job.wall_ms = told.completed_us.map(|completed| ms(completed - started));
        }
        if job.lines.len() < 20 {
            job.lines.push(call.line());
        }
    }
    found.into_values().collect()
}
