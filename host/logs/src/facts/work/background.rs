//! Tools that run in the background: the call that starts one returns at once; the result of a later call reports its
//! end.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::interval::ms;
use crate::events::Events;

/// Maximum number of lines listed for a job.
const LINES_MAX: usize = 20;

/// A tool that ran in the background.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct BackgroundJob {
    /// Id, `bgtool_…`.
    pub id: String,
    /// Tool that it ran.
    pub tool: String,
    /// Agent that its status was reported to.
    pub agent: Option<String>,
    /// Last status that was reported.
    pub status: String,
    /// Start, in milliseconds after the attempt's first event.
    pub start_ms: Option<u64>,
    /// Time from start to end; `null` if the end was never reported.
    pub wall_ms: Option<u64>,
    /// Lines in `events.jsonl` that report it, at most 20.
    pub lines: Vec<u64>,
}

pub(super) fn background_jobs(events: &Events, origin_us: i64) -> Vec<BackgroundJob> {
    let mut found: BTreeMap<&str, BackgroundJob> = BTreeMap::new();
    for (index, report) in &events.jobs {
        let Some(call) = events.calls.get(*index as usize) else { continue };
        let job = found.entry(&report.id).or_default();
        job.id.clone_from(&report.id);
        job.tool.clone_from(&report.tool);
        job.agent = events.agent(call.agent).map(String::from);
        job.status.clone_from(&report.status);
        if let Some(started) = report.started_us {
            job.start_ms = Some(ms(started - origin_us));
            job.wall_ms = report.completed_us.map(|completed| ms(completed - started));
        }
        if job.lines.len() < LINES_MAX {
            job.lines.push(call.line());
        }
    }
    found.into_values().collect()
}
