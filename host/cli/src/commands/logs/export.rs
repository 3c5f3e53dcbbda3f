//! `massgen logs export`

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use massgen_logs::redact::Redactor;
use massgen_logs::{examine_with, export};
use serde_json::Value;

use super::target::{self, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Export runs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs export --format jsonl --output runs.jsonl\n  massgen logs export --format parquet --output runs.parquet\n  massgen logs export --log-dir log_1 --log-dir log_2 --format otlp --output t"
)]
pub(crate) struct ExportArgs {
    /// Directory of a run or turn; repeatable [default: the newest run]
    #[arg(long, value_name = "DIR")]
    log_dir: Vec<PathBuf>,
    /// Rows for databases (JSONL, Parquet) or traces (OTLP/JSON, one request per line)
    #[arg(long, value_enum)]
    format: Format,
    /// Output file
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Parquet,
    Otlp,
}

/// Where rows go.
enum Sink {
    Lines(std::io::BufWriter<File>),
    Parquet(Box<export::ParquetRows<File>>),
}

impl Sink {
    fn new(format: Format, file: File) -> std::io::Result<Self> {
        Ok(match format {
            Format::Jsonl | Format::Otlp => Self::Lines(std::io::BufWriter::new(file)),
            Format::Parquet => {
                let rows = export::ParquetRows::new(file).map_err(std::io::Error::other)?;
                Self::Parquet(Box::new(rows))
            }
        })
    }

    fn add(&mut self, value: Value) -> std::io::Result<()> {
        match self {
            Self::Lines(out) => writeln!(out, "{value}"),
            Self::Parquet(rows) => rows.add(value).map_err(std::io::Error::other),
        }
    }

    fn finish(self) -> std::io::Result<()> {
        let file = match self {
            Self::Lines(out) => out.into_inner().map_err(std::io::IntoInnerError::into_error)?,
            Self::Parquet(rows) => rows.finish().map_err(std::io::Error::other)?,
        };
        file.sync_all()
    }
}

pub(crate) fn run(app: &App, args: &ExportArgs) -> Result<Exit, CommandError> {
    let path = app.environment.path(&args.output);
    let failed = |error: std::io::Error| {
        CommandError::failed("export", format!("{} can't be written", path.display()))
            .because(&error)
            .hint("--output FILE names a file in a directory that can be written")
    };
    let dirs: Vec<Option<PathBuf>> = match args.log_dir.as_slice() {
        [] => vec![None],
        dirs => dirs.iter().cloned().map(Some).collect(),
    };
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    // Beside its place and renamed: whoever reads the file sees all of it or none.
    let partial = path.with_extension("partial");
    let file = File::create(&partial).map_err(failed)?;
    let mut sink = Sink::new(args.format, file).map_err(failed)?;
    let (mut lines, mut turns) = (0u64, 0u64);
    for log_dir in dirs {
        let target = target::find(app, &TargetArgs { log_dir, ..TargetArgs::default() })?;
        let wanted: Vec<u32> = match target.turn {
            Some(turn) => vec![turn],
            None => target.run.turns.iter().map(|turn| turn.number).collect(),
        };
        for turn in wanted {
            let (facts, run) = examine_with(&target.run, Some(turn), &redactor);
            turns += 1;
            let mut written = Ok(());
            let mut line = |value: Value| {
                lines += 1;
                if written.is_ok() {
                    written = sink.add(value);
                }
            };
            match args.format {
                Format::Jsonl | Format::Parquet => export::rows(&facts, &run, &mut line),
                Format::Otlp => line(export::otlp(&facts, &run, env!("CARGO_PKG_VERSION"))),
            }
            written.map_err(failed)?;
        }
    }
    sink.finish().map_err(failed)?;
    std::fs::rename(&partial, &path).map_err(failed)?;
    if app.ui.manner.json {
        app.ui.json(&serde_json::json!({"schema": "export/1", "output": path, "turns": turns, "lines": lines}));
    } else {
        app.ui.answer(&format!(
            "{}: {} of {}",
            path.display(),
            human::plural(lines, if args.format == Format::Parquet { "row" } else { "line" }),
            human::plural(turns, "turn")
        ));
    }
    Ok(Exit::Done)
}
