//! `massgen logs list`

use std::path::{Path, PathBuf};

use massgen_logs::facts::Outcome;
use massgen_logs::locate;
use massgen_logs::overview::{Index, Overview};
use massgen_logs::redact::Redactor;
use serde_json::json;

use super::target;
use crate::app::App;
use massgen_setup::config::setting;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use massgen_terminal::table::{self, Align};

/// Runs that are looked at together.
const CHUNK: usize = 64;

/// List runs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs list\n  massgen logs list --all --json\n  massgen logs list --since 7d --unanalyzed\n  massgen logs list --outcome killed --model gpt-5.2"
)]
pub(crate) struct ListArgs {
    /// Maximum number of runs to show
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// Show all runs
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Only runs with a report
    #[arg(long, conflicts_with = "unanalyzed")]
    analyzed: bool,
    /// Only runs without a report
    #[arg(long)]
    unanalyzed: bool,
    /// Only runs with this outcome: completed, no-answer, timeout, killed, …
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    outcome: Option<Outcome>,
    /// Only runs with this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Only runs with this model
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Only runs started within this time (7d, 12h) or since this day (2026-11-01)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Directory of runs [default: MassGen's own]
    #[arg(long, value_name = "DIR")]
    log_dir: Option<PathBuf>,
}

impl ListArgs {
    fn wants(&self, row: &Overview) -> bool {
        let among = |wanted: &Option<String>, there: &[String]| {
            wanted.as_ref().is_none_or(|wanted| there.contains(wanted))
        };
        (!self.analyzed || row.analyzed)
            && (!self.unanalyzed || !row.analyzed)
            && self.outcome.is_none_or(|outcome| row.outcome == outcome)
            && among(&self.agent, &row.agent_ids)
            && among(&self.model, &row.models)
    }
}

/// An outcome in the words of the list, or of its JSON.
fn outcome(text: &str) -> Result<Outcome, String> {
    let words = || Outcome::ALL.iter().map(|outcome| outcome.as_str().replace('_', "-"));
    let wanted = text.to_lowercase().replace(['_', ' '], "-");
    let at = words().position(|word| word == wanted);
    at.map(|at| Outcome::ALL[at])
        .ok_or_else(|| format!("it is one of {}", words().collect::<Vec<_>>().join(", ")))
}

pub(crate) fn run(app: &App, args: &ListArgs) -> Result<Exit, CommandError> {
    let bases = match &args.log_dir {
        Some(dir) => vec![named(app, dir)?],
        None => app.environment.log_bases(),
    };
    let since = args.since.as_deref().map(|text| first_day(app, text)).transpose()?;
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    // The first place that has runs is where they are; the others are for when it has none.
    let mut found = None;
    for base in &bases {
        found = look(app, args, base, since.as_deref(), &redactor)?;
        if found.is_some() {
            break;
        }
    }
    let are_there = found.is_some();
    let mut rows = found.unwrap_or_default();
    for row in &mut rows {
        row.question = row.question.take().map(|question| redactor.line(&question).into_owned());
    }
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "runs/1", "runs": rows}));
        return Ok(Exit::Done);
    }
    if rows.is_empty() && are_there {
        app.ui.status("No run is like that.");
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        let error = target::no_runs(&bases);
        app.ui.status(&format!(
            "{}.\n  {}\n  hint: {}",
            error.message,
            error.causes.join("\n  "),
            error.hints.join("\n  hint: ")
        ));
        return Ok(Exit::Done);
    }
    app.ui.answer(&table(&rows, app.ui.width()));
    app.ui.answer(&totals(&rows, usize::from(app.ui.width())));
    Ok(Exit::Done)
}

/// A directory that somebody named has to be there; one that is only looked into need not.
fn named(app: &App, dir: &Path) -> Result<PathBuf, CommandError> {
    let dir = app.environment.path(dir);
    match std::fs::read_dir(&dir) {
        Ok(_) => Ok(dir),
        Err(error) => Err(CommandError::failed("runs", format!("{} can't be read", dir.display()))
            .because(&error)
            .hint("name the directory that holds the runs `log_…`")),
    }
}

/// The runs of a directory that are asked for; none if it holds no runs at all.
fn look(
    app: &App,
    args: &ListArgs,
    base: &Path,
    since: Option<&str>,
    redactor: &Redactor,
) -> Result<Option<Vec<Overview>>, CommandError> {
    let names = locate::names(base).map_err(|error| {
        CommandError::failed("runs", "the runs can't be listed").because(&error)
    })?;
    if names.is_empty() {
        return Ok(None);
    }
    let mut rows = Vec::new();
    let limit = if args.all { usize::MAX } else { args.limit };
    let mut index = Index::open(app.environment.cache_dir().as_deref(), base);
    let young = names.iter().take_while(|name| since.is_none_or(|since| name.as_str() >= since));
    // Enough at a time to keep all processors busy, and not more than a limit needs.
    for names in names[..young.count()].chunks(limit.max(CHUNK)) {
        let found = index.overviews(names, redactor).into_iter().filter(|row| args.wants(row));
        rows.extend(found.take(limit - rows.len()));
        if rows.len() >= limit {
            break;
        }
    }
    if let Err(why) = index.keep(&names) {
        app.ui.detail(&format!("the index of runs is not kept: {why}"));
    }
    Ok(Some(rows))
}

fn table(rows: &[Overview], width: u16) -> String {
    let columns = [
        ("Run", Align::Left),
        ("Outcome", Align::Left),
        ("Wall", Align::Right),
        ("Agents", Align::Right),
        ("Winner", Align::Left),
        ("Cost", Align::Right),
        ("Report", Align::Left),
        ("Question", Align::Left),
    ];
    let room = usize::from(width);
    // A run's name is what other commands are given: it stays whole, and what says less goes.
    let question = room.saturating_sub(96).max(room.saturating_sub(43).clamp(12, 24));
    let cells = rows.iter().map(|row| {
        vec![
            row.run.clone(),
            row.outcome.as_str().replace('_', " "),
            row.wall_ms.map_or_else(|| "-".into(), human::duration),
            row.agents.map_or_else(|| "-".into(), |n| n.to_string()),
            human::clean(row.winner.as_deref().unwrap_or("-")),
            row.cost_usd.map_or_else(|| "-".into(), human::dollars),
            if row.analyzed { "yes" } else { "-" }.to_string(),
            human::cut(row.question.as_deref().unwrap_or("-"), question),
        ]
    });
    table::render_narrowing(
        &columns,
        cells.collect(),
        width,
        &["Report", "Agents", "Cost", "Winner", "Wall", "Question"],
    )
}

/// What the listed runs come to together.
fn totals(rows: &[Overview], width: usize) -> String {
    let completed = rows.iter().filter(|row| row.outcome == Outcome::Completed).count();
    let runs = human::plural(rows.len() as u64, "run");
    let wall = human::duration(rows.iter().filter_map(|row| row.wall_ms).sum());
    let cost = human::dollars(rows.iter().filter_map(|row| row.cost_usd).sum());
    human::flow(
        &[&format!("{runs}, {completed} completed;"), &format!("{wall} of wall time, {cost}")],
        " ",
        width,
    )
}

/// The name that a run of that moment would have at least: names are times.
fn first_day(app: &App, text: &str) -> Result<String, CommandError> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.len() == 10 && digits.len() == 8 {
        return Ok(format!("log_{digits}"));
    }
    let ms = setting::duration_ms(text).and_then(|ms| i64::try_from(ms).ok());
    let start = ms
        .and_then(|ms| jiff::Timestamp::from_millisecond(app.environment.now_unix_ms() - ms).ok());
    match start {
        Some(start) => Ok(start
            .to_zoned(jiff::tz::TimeZone::system())
            .strftime("log_%Y%m%d_%H%M%S")
            .to_string()),
        None => Err(CommandError::usage(format!("{text:?} is neither a duration nor a day"))
            .hint("write it as 7d, 12h or 2026-11-01")),
    }
}
