//! `massgen logs list`

use massgen_logs::locate;
use massgen_logs::overview::{Overview, overviews};
use massgen_logs::redact::Redactor;
use serde_json::json;

use super::target;
use crate::app::App;
use crate::config::setting;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::human;
use crate::ui::table::{self, Align};

/// Runs that are looked at together.
const CHUNK: usize = 64;

/// List runs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs list\n  massgen logs list --all --json\n  massgen logs list --since 7d --unanalyzed"
)]
pub(crate) struct ListArgs {
    /// Show at most this many
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// Show all of them
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Only runs with a report
    #[arg(long, conflicts_with = "unanalyzed")]
    analyzed: bool,
    /// Only runs without a report
    #[arg(long)]
    unanalyzed: bool,
    /// Only runs that began within this time (7d, 12h) or since this day (2026-11-01)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Directory that holds the runs [default: where MassGen puts them]
    #[arg(long, value_name = "DIR")]
    log_dir: Option<std::path::PathBuf>,
}

pub(crate) fn run(app: &App, args: &ListArgs) -> Result<Exit, CommandError> {
    let bases = match &args.log_dir {
        Some(dir) => vec![app.environment.path(dir)],
        None => app.environment.log_bases(),
    };
    let since = args.since.as_deref().map(|text| first_day(app, text)).transpose()?;
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    let mut rows: Vec<Overview> = Vec::new();
    let limit = if args.all { usize::MAX } else { args.limit };
    for base in &bases {
        // The first place that has runs is where they are; the others are for when it has none.
        if !rows.is_empty() {
            break;
        }
        let names = locate::names(base).map_err(|error| {
            CommandError::failed("runs", "the runs can't be listed").because(&error)
        })?;
        let names: Vec<String> = names
            .into_iter()
            .take_while(|name| since.as_ref().is_none_or(|since| name >= since))
            .collect();
        // Enough at a time to keep all processors busy, and not more than a limit needs.
        for names in names.chunks(limit.max(CHUNK)) {
            let found = overviews(base, names).into_iter().filter(|row| {
                (!args.analyzed || row.analyzed) && (!args.unanalyzed || !row.analyzed)
            });
            rows.extend(found.take(limit - rows.len()));
            if rows.len() >= limit {
                break;
            }
        }
    }
    for row in &mut rows {
        row.question = row.question.take().map(|question| redactor.line(&question).into_owned());
    }
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "runs/1", "runs": rows}));
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
    Ok(Exit::Done)
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
    let question = usize::from(width.saturating_sub(96)).max(24);
    let cells = rows.iter().map(|row| {
        vec![
            row.run.clone(),
            row.outcome.replace('_', " "),
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
        &["Report", "Agents", "Cost", "Winner"],
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
