//! `massgen logs compare`: runs by their facts, reports by what their models found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use massgen_logs::facts::Facts;
use massgen_logs::redact::Redactor;
use massgen_logs::{examine, locate};
use serde_json::{Value, json};

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use massgen_terminal::table::{self, Align};

/// A report beyond this is none.
const REPORT_BYTES_MAX: u64 = 64 << 20;

/// Compare runs or reports
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs compare opus.json haiku.json\n  massgen logs compare log_1 log_2 --json"
)]
pub(crate) struct CompareArgs {
    /// Reports (analysis.json) or runs (log_…, turn_N)
    #[arg(required = true, num_args = 2.., value_name = "REPORT|RUN")]
    what: Vec<PathBuf>,
}

pub(crate) fn run(app: &App, args: &CompareArgs) -> Result<Exit, CommandError> {
    let (mut runs, mut reports) = (Vec::new(), Vec::new());
    for path in &args.what {
        let path = app.environment.path(path);
        if path.is_dir() { runs.push(measure(app, &path)?) } else { reports.push(read(&path)?) }
    }
    let document = json!({
        "schema": "compare/1",
        "reports": reports.iter().map(|(path, report)| summary(path, report)).collect::<Vec<_>>(),
        "shared_findings": shared(&reports),
        "runs": runs.iter().map(figures).collect::<Vec<_>>(),
    });
    if app.ui.manner.json {
        app.ui.json(&document);
        return Ok(Exit::Done);
    }
    let width = app.ui.width();
    if !reports.is_empty() {
        app.ui.answer(&across(&document["reports"], "file", REPORT_ROWS, width));
        let shared = document["shared_findings"].as_array().map_or(0, Vec::len);
        app.ui.answer(&format!(
            "{} of the findings point to the same lines.",
            human::plural(shared as u64, "pair")
        ));
    }
    if !runs.is_empty() {
        app.ui.answer(&across(&document["runs"], "run", RUN_ROWS, width));
        app.ui.answer(&problems(&runs));
    }
    Ok(Exit::Done)
}

fn measure(app: &App, path: &Path) -> Result<Facts, CommandError> {
    let (run, scope) = locate::open(path).map_err(|error| {
        CommandError::failed("run-not-found", format!("{} is not a MassGen run", path.display()))
            .because(&error)
            .hint("`massgen logs list` shows the runs that can be found from here")
    })?;
    let turn = match scope {
        locate::Scope::Run => None,
        locate::Scope::Turn(turn) | locate::Scope::Attempt(turn, _) => Some(turn),
    };
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    Ok(examine(&run, turn, &redactor))
}

fn read(path: &Path) -> Result<(PathBuf, Value), CommandError> {
    let failed = |why: String| {
        CommandError::failed("report-not-read", format!("{} is no report: {why}", path.display()))
            .hint("`massgen logs analyze --format json` writes reports; a run is a directory")
    };
    let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > REPORT_BYTES_MAX {
        return Err(failed("it is too large".into()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if value["schema"] != "analysis/1" {
        return Err(failed("its schema is not analysis/1".into()));
    }
    Ok((path.to_path_buf(), value))
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn summary(path: &Path, report: &Value) -> Value {
    let all = findings(report);
    let verified = all.iter().filter(|finding| finding["verified"] == true).count();
    let share = (!all.is_empty()).then(|| verified as f64 / all.len() as f64);
    let of = |severity: &str| all.iter().filter(|finding| finding["severity"] == severity).count();
    let model = match &report["model"] {
        Value::Object(model) => match (model.get("provider"), model.get("model")) {
            (Some(Value::String(provider)), Some(Value::String(model))) => {
                json!(format!("{provider}/{model}"))
            }
            _ => Value::Null,
        },
        _ => Value::Null,
    };
    json!({
        "file": path.to_string_lossy(), "run": report["run"], "turn": report["turn"], "model": model,
        "stop": report["stop"], "findings": all.len(), "verified": verified, "verified_share": share,
        "high": of("high"), "medium": of("medium"), "low": of("low"),
        "cost_usd": report["cost_usd"], "duration_ms": report["duration_ms"],
        "input_tokens": report["usage"]["input_tokens"], "output_tokens": report["usage"]["output_tokens"],
        "requests": report["usage"]["requests"],
    })
}

/// Pairs of findings of different reports whose evidence overlaps: they speak of the same thing.
fn shared(reports: &[(PathBuf, Value)]) -> Vec<Value> {
    let mut found = Vec::new();
    for (a, (_, left)) in reports.iter().enumerate() {
        for (b, (_, right)) in reports.iter().enumerate().skip(a + 1) {
            if left["run"] != right["run"] || left["turn"] != right["turn"] {
                continue;
            }
            for x in findings(left) {
                for y in findings(right).iter().filter(|y| overlap(x, y)) {
                    found.push(json!({"reports": [a, b], "titles": [x["title"], y["title"]],
                        "severities": [x["severity"], y["severity"]]}));
                }
            }
        }
    }
    found
}

fn overlap(a: &Value, b: &Value) -> bool {
    let evidence = |finding: &Value| finding["evidence"].as_array().cloned().unwrap_or_default();
    let line = |evidence: &Value, key: &str| evidence[key].as_u64().unwrap_or(0);
    evidence(a).iter().any(|x| {
        evidence(b).iter().any(|y| {
            x["file"] == y["file"]
                && line(x, "line_start") <= line(y, "line_end")
                && line(y, "line_start") <= line(x, "line_end")
        })
    })
}

fn figures(facts: &Facts) -> Value {
    let last = facts.last_attempt();
    let sum = |of: fn(&massgen_logs::facts::AttemptFacts) -> u64| {
        facts.attempts.iter().map(of).sum::<u64>()
    };
    json!({
        "run": facts.run, "turn": facts.turn, "question": facts.question, "version": facts.version,
        "outcome": last.map(|a| a.outcome), "winner": last.and_then(|a| a.winner.clone()),
        "agents": last.map_or(0, |a| a.agents.len()), "attempts": facts.attempts.len(), "wall_ms": facts.wall_ms,
        "think_ms": sum(|a| a.agents.iter().map(|g| g.think_ms).sum()),
        "exec_ms": sum(|a| a.agents.iter().map(|g| g.exec_ms).sum()),
        "cost_usd": facts.attempts.iter().map(|a| a.cost_usd).sum::<f64>(),
        "input_tokens": sum(|a| a.input_tokens), "output_tokens": sum(|a| a.output_tokens),
        "cached_tokens": sum(|a| a.cached_tokens), "tool_calls": sum(|a| a.tool_calls),
        "tool_failures": sum(|a| a.tool_failures), "answers": sum(|a| a.answers.len() as u64),
        "votes": sum(|a| a.votes.len() as u64), "restarts": sum(|a| a.restarts),
        "problems": facts.problems.len(), "problem_kinds": kinds(facts),
    })
}

fn kinds(facts: &Facts) -> BTreeMap<&'static str, u64> {
    let mut kinds = BTreeMap::new();
    for problem in &facts.problems {
        *kinds.entry(problem.kind.as_str()).or_default() += 1;
    }
    kinds
}

const REPORT_ROWS: &[&str] = &[
    "model",
    "run",
    "stop",
    "findings",
    "verified",
    "verified_share",
    "high",
    "medium",
    "low",
    "cost_usd",
    "duration_ms",
    "input_tokens",
    "output_tokens",
    "requests",
];

const RUN_ROWS: &[&str] = &[
    "turn",
    "outcome",
    "winner",
    "agents",
    "attempts",
    "wall_ms",
    "think_ms",
    "exec_ms",
    "cost_usd",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "tool_calls",
    "tool_failures",
    "answers",
    "votes",
    "restarts",
    "problems",
];

/// One column for each thing that is compared.
fn across(list: &Value, head: &str, rows: &[&str], width: u16) -> String {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let heads: Vec<String> = list.iter().map(|item| shown(head, &item[head])).collect();
    let mut columns = vec![("", Align::Left)];
    columns.extend(heads.iter().map(|head| (head.as_str(), Align::Right)));
    let cells = rows.iter().map(|row| {
        let name = row.trim_end_matches("_ms").trim_end_matches("_usd").replace('_', " ");
        std::iter::once(name).chain(list.iter().map(|item| shown(row, &item[*row]))).collect()
    });
    table::render(&columns, cells.collect(), width)
}

fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Number(n) if name.ends_with("_ms") => human::duration(n.as_u64().unwrap_or(0)),
        Value::Number(n) if name.ends_with("_usd") => human::dollars(n.as_f64().unwrap_or(0.0)),
        Value::Number(n) if name.ends_with("_share") => {
            format!("{:.0} %", n.as_f64().unwrap_or(0.0) * 100.0)
        }
        Value::Number(n) => n.as_u64().map_or_else(|| n.to_string(), human::count),
        Value::String(text) => human::cut(text.rsplit('/').next().unwrap_or(text), 40),
        other => human::clean(&other.to_string()),
    }
}

/// Which problems some of the runs have and others don't.
fn problems(runs: &[Facts]) -> String {
    let of: Vec<_> = runs.iter().map(kinds).collect();
    let all: BTreeSet<&str> = of.iter().flat_map(|kinds| kinds.keys().copied()).collect();
    let mut text = String::new();
    for kind in all {
        let counts: Vec<u64> =
            of.iter().map(|kinds| kinds.get(kind).copied().unwrap_or(0)).collect();
        if counts.iter().any(|count| *count != counts[0]) {
            let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
            text.push_str(&format!("{}: {}\n", kind.replace('_', " "), counts.join(" | ")));
        }
    }
    if text.is_empty() {
        "The same kinds of problems were detected.".into()
    } else {
        format!("Problems that differ:\n{text}")
    }
}
