//! `massgen logs tools`

use clap::ValueEnum;
use massgen_logs::read;
use massgen_logs::tools::{self, Sort, ToolRow};
use serde_json::json;

use super::target::{self, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use massgen_terminal::table::{self, Align};

/// Show every tool
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs tools\n  massgen logs tools --sort failures --json"
)]
pub(crate) struct ToolsArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Sort order
    #[arg(long, value_enum, default_value_t = SortBy::Time)]
    sort: SortBy,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SortBy {
    Time,
    Calls,
    Failures,
}

pub(crate) fn run(app: &App, args: &ToolsArgs) -> Result<Exit, CommandError> {
    let target = target::find(app, &args.target)?;
    let run = read::read(&target.run, target.turn);
    let sort = match args.sort {
        SortBy::Time => Sort::Time,
        SortBy::Calls => Sort::Calls,
        SortBy::Failures => Sort::Failures,
    };
    let rows = tools::rows(&run, target.attempt, sort);
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "tools/1", "run": run.name, "turn": run.turns.last().map(|turn| turn.number), "tools": rows}));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        app.ui.status("No tool was called, or there is no event log (a debug run writes none).");
        return Ok(Exit::Done);
    }
    app.ui.answer(&table(&rows, app.ui.width()));
    let hidden: u64 =
        rows.iter().map(|row| row.failures.saturating_sub(row.recorded_failures)).sum();
    if hidden > 0 {
        app.ui.status(&format!(
            "{} recorded as success by MassGen: their results say that they failed.",
            human::plural(hidden, "failure")
        ));
    }
    Ok(Exit::Done)
}

fn table(rows: &[ToolRow], width: u16) -> String {
    let columns = [
        ("Tool", Align::Left),
        ("Calls", Align::Right),
        ("Failed", Align::Right),
        ("Recorded", Align::Right),
        ("Total", Align::Right),
        ("Median", Align::Right),
        ("p95", Align::Right),
        ("Max", Align::Right),
    ];
    let ms = |ms: f64| human::duration(ms.round() as u64);
    let cells = rows.iter().map(|row| {
        vec![
            human::clean(&row.name),
            row.calls.to_string(),
            row.failures.to_string(),
            row.recorded_failures.to_string(),
            ms(row.total_ms),
            ms(row.p50_ms),
            ms(row.p95_ms),
            ms(row.max_ms),
        ]
    });
    table::render_narrowing(&columns, cells.collect(), width, &["Median", "Recorded", "Max"])
}
