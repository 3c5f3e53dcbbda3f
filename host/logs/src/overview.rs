//! One row of the list of runs. Cheap on purpose: a list of a thousand runs reads a few kilobytes of each.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::locate::{self, AttemptDir, RunDir};

/// Bytes at each end of `events.jsonl` that are looked at.
const EDGE_BYTES: u64 = 16 << 10;

/// Status files beyond this are not read for a list.
const STATUS_BYTES_MAX: u64 = 4 << 20;

/// A run in the list. Serialises as an element of `runs/1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The run's directory name.
    pub run: String,
    /// Its path.
    pub path: String,
    /// Start, from the name: local time of the machine that ran it.
    pub started: Option<String>,
    /// How the last attempt of the last turn ended, as far as a quick look tells.
    pub outcome: &'static str,
    /// Wall time of all attempts of all turns.
    pub wall_ms: Option<u64>,
    /// How many agents.
    pub agents: Option<u64>,
    /// Who presented last.
    pub winner: Option<String>,
    /// As MassGen estimated it; its counters run on, so that the last turn's figure is the run's.
    pub cost_usd: Option<f64>,
    /// Of the first turn.
    pub question: Option<String>,
    /// How many turns.
    pub turns: usize,
    /// Some turn has a report.
    pub analyzed: bool,
}

/// Looks at the runs of these names, in their order, on all processors. A run that vanishes meanwhile is left
/// out.
pub fn overviews(base: &Path, names: &[String]) -> Vec<Overview> {
    let look = |names: &[String]| -> Vec<Overview> {
        let runs = names.iter().filter_map(|name| locate::run_dir(&base.join(name)).ok());
        runs.map(|run| overview(&run)).collect()
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = names.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            names.chunks(share).map(|names| scope.spawn(move || look(names))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

/// Looks at a run.
pub fn overview(run: &RunDir) -> Overview {
    let attempts = || run.turns.iter().flat_map(|turn| &turn.attempts);
    let last = attempts().last();
    let last_status = last.and_then(|attempt| quick_status(&attempt.path));
    let metadata = run
        .turns
        .first()
        .and_then(|turn| turn.attempts.first())
        .and_then(|attempt| head(&attempt.path.join("execution_metadata.yaml")));
    let edges: Vec<_> = attempts().map(|attempt| edges(&attempt.path)).collect();
    let wall = edges.iter().flatten().map(|edges| edges.wall_ms).reduce(|a, b| a + b);
    Overview {
        run: run.name.clone(),
        path: run.root.to_string_lossy().into_owned(),
        started: started(&run.name),
        outcome: last.map_or("error", |attempt| {
            outcome(attempt, last_status.as_ref(), edges.last().and_then(Option::as_ref))
        }),
        wall_ms: wall,
        agents: last_status.as_ref().and_then(|status| Some(status.agents.as_ref()?.len() as u64)),
        winner: edges
            .last()
            .and_then(|edges| edges.as_ref()?.presenter.clone())
            .or_else(|| last_status.as_ref()?.results.winner.clone()),
        cost_usd: last_status.as_ref().and_then(|status| status.costs.total_estimated_cost),
        question: metadata
            .as_deref()
            .and_then(question)
            .or_else(|| last_status.as_ref()?.meta.question.clone()),
        turns: run.turns.len(),
        analyzed: run.turns.iter().any(|turn| is_filled(&turn.path.join("ANALYSIS_REPORT.md"))),
    }
}

fn is_filled(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0)
}

/// `log_20261122_085856_294769` is `2026-11-22T08:58:56`.
fn started(name: &str) -> Option<String> {
    let digits = name.strip_prefix("log_")?;
    let at = |from: usize, to: usize| {
        digits.get(from..to).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
    };
    Some(format!(
        "{}-{}-{}T{}:{}:{}",
        at(0, 4)?,
        at(4, 6)?,
        at(6, 8)?,
        at(9, 11)?,
        at(11, 13)?,
        at(13, 15)?
    ))
}

/// The few fields of `status.json` that a row shows; the rest is passed over without being built.
#[derive(Deserialize, Default)]
#[serde(default)]
struct QuickStatus {
    finish_reason: Option<String>,
    results: QuickResults,
    costs: QuickCosts,
    meta: QuickMeta,
    agents: Option<HashMap<String, IgnoredAny>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct QuickResults {
    winner: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct QuickCosts {
    total_estimated_cost: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct QuickMeta {
    question: Option<String>,
}

fn quick_status(dir: &Path) -> Option<QuickStatus> {
    let file = std::fs::File::open(dir.join("status.json")).ok()?;
    serde_json::from_slice(&at_most(&file, STATUS_BYTES_MAX)?).ok()
}

/// The next bytes of a file, with room for all of them made at once: growing costs a read each time.
fn at_most(file: &std::fs::File, max: u64) -> Option<Vec<u8>> {
    let size = file.metadata().ok()?.len().min(max);
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()? + 1);
    file.take(max).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn head(path: &Path) -> Option<String> {
    let bytes = at_most(&std::fs::File::open(path).ok()?, EDGE_BYTES)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The `query` of the metadata, which is its first key; a value that goes on over lines is joined.
fn question(yaml: &str) -> Option<String> {
    let from = yaml.lines().position(|line| line.starts_with("query:"))?;
    let block: Vec<&str> = yaml
        .lines()
        .skip(from)
        .enumerate()
        .take_while(|(index, line)| *index == 0 || line.starts_with([' ', '\t']) || line.is_empty())
        .map(|(_, line)| line)
        .collect();
    let value: serde_norway::Value = serde_norway::from_str(&block.join("\n")).ok()?;
    value.get("query")?.as_str().map(String::from).filter(|question| !question.is_empty())
}

/// What the two ends of `events.jsonl` tell.
struct Edges {
    wall_ms: u64,
    presenter: Option<String>,
    timed_out: bool,
    restarted: bool,
}

fn edges(attempt: &Path) -> Option<Edges> {
    let mut file = std::fs::File::open(attempt.join("events.jsonl")).ok()?;
    let size = file.metadata().ok()?.len();
    let head = at_most(&file, EDGE_BYTES)?;
    let tail = if size <= EDGE_BYTES {
        head.clone()
    } else {
        file.seek(SeekFrom::Start(size.saturating_sub(EDGE_BYTES))).ok()?;
        at_most(&file, EDGE_BYTES)?
    };
    let first = head.split(|b| *b == b'\n').find_map(event)?;
    // Times of one file are written alike: they compare as text.
    let mut last_at = first.0.clone();
    let mut edges = Edges { wall_ms: 0, presenter: None, timed_out: false, restarted: false };
    for (at, kind, agent) in tail.split(|b| *b == b'\n').filter_map(event) {
        if at > last_at {
            last_at = at;
        }
        match kind.as_str() {
            "final_answer" => edges.presenter = agent,
            "orchestrator_timeout" => edges.timed_out = true,
            "restart_banner" => edges.restarted = true,
            _ => {}
        }
    }
    let span_us = crate::events::naive_us(&last_at)? - crate::events::naive_us(&first.0)?;
    edges.wall_ms = u64::try_from((span_us + 500) / 1000).unwrap_or(0);
    Some(edges)
}

fn event(line: &[u8]) -> Option<(String, String, Option<String>)> {
    #[derive(Deserialize)]
    struct Line {
        timestamp: String,
        event_type: String,
        agent_id: Option<String>,
    }
    let line: Line = serde_json::from_slice(line.trim_ascii()).ok()?;
    Some((line.timestamp, line.event_type, line.agent_id))
}

fn outcome(
    attempt: &AttemptDir,
    status: Option<&QuickStatus>,
    edges: Option<&Edges>,
) -> &'static str {
    let finish = status.and_then(|status| status.finish_reason.as_deref());
    // Each look costs a system call: only what the status leaves open is looked at.
    let has_metrics = || attempt.path.join("metrics_summary.json").exists();
    let has_final = || {
        std::fs::read_dir(attempt.path.join("final"))
            .is_ok_and(|mut entries| entries.next().is_some())
    };
    let answered = || edges.is_some_and(|edges| edges.presenter.is_some()) || has_final();
    match finish {
        _ if edges.is_some_and(|edges| edges.restarted) => "restarted",
        Some("timeout") => "timeout",
        _ if edges.is_some_and(|edges| edges.timed_out) => "timeout",
        _ if answered() => "completed",
        Some("completed") => "completed",
        Some("error") => "no_answer",
        Some(_) if has_metrics() => "interrupted",
        Some(_) => "killed",
        None => without_status(attempt, edges),
    }
}

/// Without `status.json` the text log and the metadata tell; both are small in such a run.
fn without_status(attempt: &AttemptDir, edges: Option<&Edges>) -> &'static str {
    let metadata = head(&attempt.path.join("execution_metadata.yaml")).unwrap_or_default();
    if metadata.contains("failure_stage: system_exit") && edges.is_none() {
        return "config_error";
    }
    if metadata.contains("failure_stage:") || edges.is_none() {
        return "error";
    }
    let log = std::fs::read(attempt.path.join("massgen.log")).unwrap_or_default();
    if memchr::memmem::find(&log, b"Unable to provide coordinated answer").is_some() {
        "no_answer"
    } else {
        "killed"
    }
}
