//! The files of a report: where they go, whether they may, and writing them.

use std::path::{Path, PathBuf};

use massgen_analysis::analysis_log::{self, Record};
use massgen_analysis::page::{self, Page};
use massgen_analysis::report::{self, Analysis};
use massgen_analysis::write;
use massgen_isolation::small_file;

use super::{AnalyzeArgs, Format};
use crate::app::App;
use crate::commands::logs::target::Target;
use crate::commands::logs::timeline;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

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
    let files = places(app, args, target, turn, None);
    take(app, args, std::slice::from_ref(&files))?;
    Ok(files)
}

/// The same for the report of a team, which comes first, and those of its members, which bear their names.
pub(super) fn claim_team(
    app: &App,
    args: &AnalyzeArgs,
    target: &Target,
    turn: u32,
    names: &[String],
) -> Result<(Files, Vec<Files>), CommandError> {
    let names = std::iter::once(None).chain(names.iter().map(|name| Some(name.as_str())));
    let mut all: Vec<Files> = names.map(|name| places(app, args, target, turn, name)).collect();
    take(app, args, &all)?;
    let team = all.remove(0);
    Ok((team, all))
}

fn places(app: &App, args: &AnalyzeArgs, target: &Target, turn: u32, name: Option<&str>) -> Files {
    let dir = target.run.root.join(format!("turn_{turn}"));
    let dotted = name.map_or_else(String::new, |name| format!(".{name}"));
    let beside = |stem: &str, ending: &str| dir.join(format!("{stem}{dotted}.{ending}"));
    let place = |format: Format, stem: &str, ending: &str| {
        args.format.contains(&format).then(|| match &args.output {
            Some(output) => at(&app.environment.path(output), &args.format, &dotted, ending),
            None => beside(stem, ending),
        })
    };
    let transcript = "transcript.jsonl";
    Files {
        markdown: place(Format::Md, "ANALYSIS_REPORT", "md"),
        json: place(Format::Json, "analysis", "json"),
        html: place(Format::Html, "analysis", "html"),
        target: target.clone(),
        transcript: match &args.output {
            Some(output) => with_ending(&app.environment.path(output), &dotted, transcript),
            None => beside("analysis", transcript),
        },
    }
}

/// `FILE` takes the one format that is asked for; several share its name and differ in their ending.
fn at(output: &Path, formats: &[Format], dotted: &str, ending: &str) -> PathBuf {
    match (formats, dotted) {
        ([_], "") => output.to_path_buf(),
        ([_], _) => {
            let own = output.extension().map(|own| own.to_string_lossy().into_owned());
            with_ending(output, dotted, own.as_deref().unwrap_or(ending))
        }
        _ => with_ending(output, dotted, ending),
    }
}

fn with_ending(output: &Path, dotted: &str, ending: &str) -> PathBuf {
    output.with_extension(format!("{dotted}.{ending}").trim_start_matches('.'))
}

/// Makes sure that nothing is replaced unasked, and that everything can be written.
fn take(app: &App, args: &AnalyzeArgs, all: &[Files]) -> Result<(), CommandError> {
    let exists = |path: &&PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.len() > 0);
    let existing = all.iter().flat_map(Files::reports).find(exists);
    let goes_on = args.resume && all.iter().any(|files| files.transcript.is_file());
    if let Some(path) = existing
        && !args.force
        && !goes_on
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
    for path in all.iter().flat_map(Files::reports) {
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
    Ok(())
}

impl Files {
    fn reports(&self) -> impl Iterator<Item = &PathBuf> {
        self.markdown.iter().chain(&self.json).chain(&self.html)
    }

    /// Writes the report and prints it, or where it is.
    pub(super) fn write(&self, app: &App, analysis: &Analysis<'_>) -> Result<(), CommandError> {
        self.save(app, analysis)?;
        if app.ui.manner.json {
            app.ui.json(analysis);
        } else {
            for path in self.reports() {
                app.ui.answer(&format!("Report: {}", path.display()));
            }
        }
        Ok(())
    }

    /// Where it is for programs, else for people.
    pub(super) fn first(&self) -> Option<&Path> {
        self.json.as_ref().or(self.reports().next()).map(PathBuf::as_path)
    }

    /// Writes the report.
    pub(super) fn save(&self, app: &App, analysis: &Analysis<'_>) -> Result<(), CommandError> {
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
        Ok(())
    }
}

/// Most that is read of a transcript.
const TRANSCRIPT_BYTES_MAX: u64 = 256 << 20;

/// The transcript of an analysis that was not finished.
pub(super) fn read_transcript(path: &Path) -> Result<Vec<Record>, CommandError> {
    let text = small_file::read_text(path, TRANSCRIPT_BYTES_MAX).map_err(|error| {
        CommandError::failed("no-transcript", "there is no analysis to go on with")
            .because(&error)
            .hint("run the command without --resume")
    })?;
    analysis_log::parse(&text).map_err(|error| {
        CommandError::failed("transcript", format!("{} can't be read", path.display()))
            .because(&error)
            .hint("run the command without --resume")
    })
}
