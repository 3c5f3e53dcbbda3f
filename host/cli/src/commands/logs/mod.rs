//! `massgen logs …`

pub(crate) mod analyze;
pub(crate) mod compare;
pub(crate) mod export;
pub(crate) mod facts;
pub(crate) mod list;
pub(crate) mod open;
pub(crate) mod problems;
pub(crate) mod summary;
pub(crate) mod target;
pub(crate) mod timeline;
pub(crate) mod tools;

use clap::Subcommand;

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Measure and explain MassGen's runs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen logs\n  massgen logs list --limit 20\n  \
                        massgen logs facts --log-dir .massgen/massgen_logs/log_20261122_085921_836350\n  \
                        massgen logs analyze --model anthropic/claude-haiku-5-5")]
pub(crate) struct LogsArgs {
    #[command(subcommand)]
    verb: Option<LogsVerb>,
    #[command(flatten)]
    summary: summary::SummaryArgs,
}

#[derive(Debug, Subcommand)]
enum LogsVerb {
    /// List runs, newest first
    List(list::ListArgs),
    /// Summarise a run: recorded and measured figures
    Summary(summary::SummaryArgs),
    /// Show calls, failures and times of each tool
    Tools(tools::ToolsArgs),
    /// Show all measured facts and detected problems
    Facts(facts::FactsArgs),
    /// List the kinds of problems: severity, rule and advice
    Problems(problems::ProblemsArgs),
    /// Draw the timeline of a run in the terminal or as a page
    Timeline(timeline::TimelineArgs),
    /// Write a report on a run, with a model or from facts alone
    Analyze(Box<analyze::AnalyzeArgs>),
    /// Compare the facts of runs or the findings of reports
    Compare(compare::CompareArgs),
    /// Export runs as rows or traces
    Export(export::ExportArgs),
    /// Open a run's directory in the file manager
    Open(open::OpenArgs),
}

pub(crate) fn run(app: &App, args: &LogsArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        None => summary::run(app, &args.summary),
        Some(LogsVerb::Summary(args)) => summary::run(app, args),
        Some(LogsVerb::List(args)) => list::run(app, args),
        Some(LogsVerb::Tools(args)) => tools::run(app, args),
        Some(LogsVerb::Facts(args)) => facts::run(app, args),
        Some(LogsVerb::Problems(args)) => Ok(problems::run(app, args)),
        Some(LogsVerb::Timeline(args)) => timeline::run(app, args),
        Some(LogsVerb::Analyze(args)) => analyze::run(app, args),
        Some(LogsVerb::Compare(args)) => compare::run(app, args),
        Some(LogsVerb::Export(args)) => export::run(app, args),
        Some(LogsVerb::Open(args)) => open::run(app, args),
    }
}
