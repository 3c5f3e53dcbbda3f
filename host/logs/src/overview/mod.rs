//! One row of the list of runs. Cheap on purpose: a list of a thousand runs reads a few kilobytes of each, and with
//! an [`Index`] nothing of those that did not change.

mod index;
mod sight;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::io::{Seek, SeekFrom};
use std::path::Path;

pub use index::Index;
use sight::Sight;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::facts::Outcome;
use crate::locate::{self, AttemptDir, RunDir};

/// Bytes at each end of `events.jsonl` that are looked at.
const EDGE_BYTES: u64 = 16 << 10;

/// Status files beyond this are not read for a list.
const STATUS_BYTES_MAX: u64 = 4 << 20;

/// MassGen starts a new text log at 10 MB.
const LOG_BYTES: u64 = 16 << 20;

/// A run in the list. Serialises as an element of `runs/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The run's directory name.
    pub run: String,
    /// Its path.
    pub path: String,
    /// Start, from the name: local time of the machine that ran it.
    pub started: Option<String>,
    /// How the last attempt of the last turn ended, as far as a quick look tells.
    pub outcome: Outcome,
    /// Wall time of all attempts of all turns.
    pub wall_ms: Option<u64>,
    /// How many agents.
    pub agents: Option<u64>,
    /// Their ids.
    pub agent_ids: Vec<String>,
    /// Models that the configuration names.
    pub models: Vec<String>,
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
    on_all_processors(names, |name| {
        let run = locate::run_dir(&base.join(name)).ok()?;
        Some(overview(&run))
    })
}

/// What comes of each name, in their order; nothing of those that give nothing.
fn on_all_processors<T: Send>(names: &[String], of: impl Fn(&str) -> Option<T> + Sync) -> Vec<T> {
    let of = &of;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = names.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let look = |names: &'_ [String]| names.iter().filter_map(|name| of(name)).collect();
        let workers: Vec<std::thread::ScopedJoinHandle<'_, Vec<T>>> =
            names.chunks(share).map(|names| scope.spawn(move || look(names))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

/// Looks at a run.
pub fn overview(run: &RunDir) -> Overview {
    seen_overview(run, &mut Sight::new(&run.root))
}

fn seen_overview(run: &RunDir, sight: &mut Sight<'_>) -> Overview {
    let attempts = || run.turns.iter().flat_map(|turn| &turn.attempts);
    let last = attempts().last();
    let last_status = last.and_then(|attempt| quick_status(&attempt.path, sight));
    let metadata = run
        .turns
        .first()
        .and_then(|turn| turn.attempts.first())
        .and_then(|attempt| head(&attempt.path.join("execution_metadata.yaml"), sight));
    let edges: Vec<_> = attempts().map(|attempt| edges(&attempt.path, sight)).collect();
    let wall = edges.iter().flatten().map(|edges| edges.wall_ms).reduce(|a, b| a + b);
    Overview {
        run: run.name.clone(),
        path: run.root.to_string_lossy().into_owned(),
        started: started(&run.name),
        outcome: last.map_or(Outcome::Error, |attempt| {
            outcome(attempt, last_status.as_ref(), edges.last().and_then(Option::as_ref), sight)
        }),
        wall_ms: wall,
        agents: last_status.as_ref().and_then(|status| Some(status.agents.as_ref()?.len() as u64)),
        agent_ids: last_status.as_ref().map(agent_ids).unwrap_or_default(),
        models: metadata.as_deref().map(models).unwrap_or_default(),
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
        analyzed: run.turns.iter().any(|turn| {
            sight.note(&turn.path.join("ANALYSIS_REPORT.md")).is_some_and(|meta| meta.len() > 0)
        }),
    }
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

fn agent_ids(status: &QuickStatus) -> Vec<String> {
    let ids: BTreeSet<&String> = status.agents.iter().flat_map(HashMap::keys).collect();
    ids.into_iter().cloned().collect()
}

fn quick_status(dir: &Path, sight: &mut Sight<'_>) -> Option<QuickStatus> {
    let file = sight.open(&dir.join("status.json"))?;
    serde_json::from_slice(&sight.at_most(&file, STATUS_BYTES_MAX)?).ok()
}

fn head(path: &Path, sight: &mut Sight<'_>) -> Option<String> {
    let file = sight.open(path)?;
    let bytes = sight.at_most(&file, EDGE_BYTES)?;
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

/// The models of the metadata's `config`, which MassGen writes a key a line.
fn models(yaml: &str) -> Vec<String> {
    let config = yaml.lines().skip_while(|line| !line.starts_with("config:")).skip(1);
    let config = config.take_while(|line| line.starts_with([' ', '-']));
    let named = config.filter_map(|line| {
        let value = line.trim_start_matches([' ', '-']).strip_prefix("model:")?;
        let value = value.trim().trim_matches(['\'', '"']);
        (!value.is_empty() && value != "null").then(|| value.to_string())
    });
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

/// What the two ends of `events.jsonl` tell.
struct Edges {
    wall_ms: u64,
    presenter: Option<String>,
    timed_out: bool,
    restarted: bool,
}

fn edges(attempt: &Path, sight: &mut Sight<'_>) -> Option<Edges> {
    let mut file = sight.open(&attempt.join("events.jsonl"))?;
    let size = file.metadata().ok()?.len();
    let head = sight.at_most(&file, EDGE_BYTES)?;
    let tail = if size <= EDGE_BYTES {
        head.clone()
    } else {
        file.seek(SeekFrom::Start(size.saturating_sub(EDGE_BYTES))).ok()?;
        sight.at_most(&file, EDGE_BYTES)?
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
    let span_us = crate::time::naive_us(&last_at)? - crate::time::naive_us(&first.0)?;
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
    sight: &mut Sight<'_>,
) -> Outcome {
    let finish = status.and_then(|status| status.finish_reason.as_deref());
    if edges.is_some_and(|edges| edges.restarted) {
        return Outcome::Restarted;
    }
    if finish == Some("timeout") || edges.is_some_and(|edges| edges.timed_out) {
        return Outcome::Timeout;
    }
    // Each look costs a system call: only what the status leaves open is looked at.
    let presented = edges.is_some_and(|edges| edges.presenter.is_some());
    if presented || sight.is_filled_dir(&attempt.path.join("final")) {
        return Outcome::Completed;
    }
    match finish {
        Some("completed") => Outcome::Completed,
        Some("error") => Outcome::NoAnswer,
        Some(_) if sight.note(&attempt.path.join("metrics_summary.json")).is_some() => {
            Outcome::Interrupted
        }
        Some(_) => Outcome::Killed,
        None => without_status(attempt, edges, sight),
    }
}

/// Without `status.json` the text log and the metadata tell; both are small in such a run.
fn without_status(attempt: &AttemptDir, edges: Option<&Edges>, sight: &mut Sight<'_>) -> Outcome {
    let metadata = head(&attempt.path.join("execution_metadata.yaml"), sight).unwrap_or_default();
    if metadata.contains("failure_stage: system_exit") && edges.is_none() {
        return Outcome::ConfigError;
    }
    if metadata.contains("failure_stage:") || edges.is_none() {
        return Outcome::Error;
    }
    let log = sight.open(&attempt.path.join("massgen.log"));
    let log = log.and_then(|file| sight.at_most(&file, LOG_BYTES)).unwrap_or_default();
    if memchr::memmem::find(&log, b"Unable to provide coordinated answer").is_some() {
        Outcome::NoAnswer
    } else {
        Outcome::Killed
    }
}
