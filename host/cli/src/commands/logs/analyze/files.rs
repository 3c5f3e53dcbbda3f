//! The files of a report: where they go, whether they may, and writing them.

use std::path::{Path, PathBuf};

use massgen_analysis::page::{self, Page};
use massgen_analysis::report::{self, Analysis};
use massgen_analysis::transcript::{self, Record};
use massgen_analysis::write;

use super::{AnalyzeArgs, Format};
use crate::app::App;
use crate::commands::logs::target::Target;
use crate::commands::logs::timeline;
use crate::error::CommandError;
use crate::exit::Exit;

/// Places that may be written.
#[derive(Debug)]
pub(super) struct Files {
    markdown: Option<PathBuf>,
    json: Option<PathBuf>,
    html: Option<PathBuf>,
    target: Target,
    pub(super) transcript: PathBuf,
}

/// Finds the places and makes sure, before anything is paid for, that they may be written.
pub(super) fn claim(
    app: &App,
    args: &AnalyzeArgs,
    target: &Target,
    turn: u32,
) -> Result<Files, CommandError> {
    let dir = target.run.root.join(format!("turn_{turn}"));
    let files = match &args.output {
        Some(output) => beside(&app.environment.path(output), &args.format, target),
        None => Files {
            markdown: args.format.contains(&Format::Md).then(|| dir.join("ANALYSIS_REPORT.md")),
            json: args.format.contains(&Format::Json).then(|| dir.join("analysis.json")),
            html: args.format.contains(&Format::Html).then(|| dir.join("analysis.html")),
            target: target.clone(),
            transcript: dir.join("analysis.transcript.jsonl"),
        },
    };
    let existing: Vec<&PathBuf> = files
        .reports()
        .filter(|path| std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0))
        .collect();
    if let Some(path) = existing.first()
        && !args.force
        && !(args.resume && files.transcript.is_file())
        && !app.ui.confirm(&format!("{} exists. Replace it?", path.display()))
    {
        return Err(CommandError::new(
            Exit::Refused,
            "report-exists",
            format!("there is a report already: {}", path.display()),
        )
        .hint("--force replaces it")
        .hint("--output FILE writes elsewhere"));
    }
    for path in files.reports() {
        let parent = path.parent().unwrap_or(Path::new("."));
        if let Err(error) = write::probe(parent) {
            return Err(CommandError::failed(
                "report-not-writable",
                format!("no report can be written in {}", parent.display()),
            )
            .because(&error)
            .hint("--output FILE writes elsewhere"));
        }
    }
    Ok(files)
}

/// `FILE` takes the one format that is asked for; several share its name and differ in their ending.
fn beside(output: &Path, formats: &[Format], target: &Target) -> Files {
    let place = |format: Format, ending: &str| {
        formats.contains(&format).then(|| {
            if formats.len() == 1 { output.to_path_buf() } else { output.with_extension(ending) }
        })
    };
    Files {
        markdown: place(Format::Md, "md"),
        json: place(Format::Json, "json"),
        html: place(Format::Html, "html"),
        target: target.clone(),
        transcript: output.with_extension("transcript.jsonl"),
    }
}

impl Files {
    fn reports(&self) -> impl Iterator<Item = &PathBuf> {
        self.markdown.iter().chain(&self.json).chain(&self.html)
    }

    /// Writes the report and prints it, or where it is.
    pub(super) fn write(&self, app: &App, analysis: &Analysis<'_>) -> Result<(), CommandError> {
        let failed = |error: write::WriteReportError| {
            CommandError::failed("report", "the report can't be written")
                .because(&error)
                .hint("--output FILE writes elsewhere")
        };
        if let Some(path) = &self.markdown {
            write::replace(path, &report::render(analysis)).map_err(failed)?;
        }
        if let Some(path) = &self.json {
            let text = serde_json::to_string_pretty(analysis).map_err(|error| {
                CommandError::failed("report", "the report can't be written").because(&error)
            })?;
            write::replace(path, &(text + "\n")).map_err(failed)?;
        }
        if let Some(path) = &self.html {
            let timeline = timeline::of(app, &self.target, analysis.facts);
            let value = serde_json::to_value(analysis).unwrap_or_default();
            let page = Page { facts: analysis.facts, timeline: &timeline, analysis: Some(&value) };
            write::replace(path, &page::render(&page)).map_err(failed)?;
        }
        if app.ui.manner.json {
            app.ui.json(analysis);
        } else {
            for path in self.reports() {
                app.ui.answer(&format!("Report: {}", path.display()));
            }
        }
        Ok(())
    }

    /// The transcript of an analysis that was not finished.
    pub(super) fn read_transcript(&self) -> Result<Vec<Record>, CommandError> {
        let path = self.transcript.display();
        let text = std::fs::read_to_string(&self.transcript).map_err(|error| {
            CommandError::failed("no-transcript", "there is no analysis to go on with")
                .because(&error)
                .hint("run the command without --resume")
        })?;
        transcript::parse(&text).map_err(|error| {
            CommandError::failed("transcript", format!("{path} can't be read"))
                .because(&error)
                .hint("run the command without --resume")
        })
    }
}
