//! Asking a model: from the plan to the written report.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use massgen_analysis::analysis_log::Record;
use massgen_analysis::drive;
use massgen_analysis::evidence;
use massgen_analysis::investigation::{Ending, Investigation, Plan};
use massgen_analysis::prompt::{PROMPT_VERSION, PromptOptions};
use massgen_analysis::report::{ModelUsed, UsageTotals};
use massgen_analysis::tools::RunData;
use massgen_logs::facts::Facts;
use massgen_logs::files::RunFiles;
use massgen_logs::redact::Redactor;
use massgen_models::choice::Choice;
use massgen_models::model_id::ModelId;
use massgen_models::price::Pricing;
use massgen_runtime::{ComponentProvider, LogSink};

use super::ending::{self, Ended};
use super::progress::Reporter;
use super::{AnalyzeArgs, dry_run, exact, files, plan};
use crate::app::App;
use crate::commands::logs::target::Target;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// What is analysed by whom.
pub(super) struct Subject<'a> {
    pub(super) target: &'a Target,
    pub(super) facts: &'a Facts,
    pub(super) model: &'a ModelId,
    pub(super) choice: &'a Choice,
    pub(super) wishes: &'a PromptOptions,
}

impl Subject<'_> {
    /// The model's provider, ready to be asked.
    pub(super) fn connect(&self, app: &App) -> Result<ComponentProvider, CommandError> {
        let installed = app.providers.find(&self.model.provider).ok_or_else(|| {
            CommandError::usage(format!("there is no provider {}", self.model.provider))
        })?;
        let (endpoint, from) = installed.base_url(&app.environment, &app.config);
        app.ui.detail(&format!("endpoint {endpoint} (from {from})"));
        let log: Option<LogSink> = app.ui.manner.verbose.then(|| {
            Arc::new(|level: &str, line: &str| massgen_terminal::plugin_line(level, line))
                as LogSink
        });
        installed.connect(&app.environment, &app.config, log)
    }
}

/// An investigation that may begin.
pub(super) struct Inquiry<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) provider: ComponentProvider,
    pub(super) plan: Plan,
    pub(super) pricing: &'a Pricing,
    pub(super) transcript: &'a Path,
    /// Go on with the transcript.
    pub(super) resume: bool,
    /// Several are at work: its lines begin with the model's name.
    pub(super) in_team: bool,
}

/// What came of it.
pub(super) struct Told {
    pub(super) ended: Ended,
    pub(super) exit: Exit,
    /// There is something to put into a report.
    pub(super) write: bool,
    /// Why it is not whole, if it is not.
    pub(super) why: Option<CommandError>,
}

/// The run's files, without what is secret.
pub(super) fn run_files(app: &App, target: &Target) -> RunFiles {
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    RunFiles::new(&target.run.root, redactor)
}

pub(super) fn run(
    app: &App,
    args: &AnalyzeArgs,
    subject: &Subject<'_>,
) -> Result<Exit, CommandError> {
    let run_files = run_files(app, subject.target);
    let plan = plan::plan(app, args, subject, &run_files);
    let pricing = app.pricing(subject.model);
    if args.dry_run {
        return dry_run::run(app, args.exact, subject, &plan, &pricing);
    }
    let provider = subject.connect(app)?;
    let files = files::claim(app, args, subject.target, subject.facts.turn)?;
    let inquiry = Inquiry {
        subject,
        provider,
        plan,
        pricing: &pricing,
        transcript: &files.transcript,
        resume: args.resume,
        in_team: false,
    };
    let runtime = runtime()?;
    let told = runtime.block_on(inquiry.run(app, args, &run_files))?;
    // A plugin that is busy must not hold the end up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    let Told { ended, exit, write, why } = told;
    if !write {
        return Err(
            why.unwrap_or_else(|| CommandError::failed("stopped", "the analysis gave nothing"))
        );
    }
    files.write(app, &ended.analysis(subject.facts))?;
    let verified = ended.findings.iter().filter(|finding| finding.verified).count();
    app.ui.status(&format!(
        "{}, {verified} verified; {}.",
        human::plural(ended.findings.len() as u64, "finding"),
        ended.used()
    ));
    if let Some(why) = why {
        // The JSON document is the report; why it is not whole goes to stderr alone.
        app.ui.error_text(&why);
    }
    Ok(exit)
}

/// With a thread of its own, so that a plugin that is busy keeps nobody waiting.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().map_err(|error| {
        CommandError::failed("runtime", "the program can't wait for the network").because(&error)
    })
}

impl Inquiry<'_> {
    /// Asks until it ends, and checks the evidence of what was found.
    pub(super) async fn run(
        mut self,
        app: &App,
        args: &AnalyzeArgs,
        run_files: &RunFiles,
    ) -> Result<Told, CommandError> {
        let subject = self.subject;
        if args.exact {
            let count = exact::count(app, subject.model, &self.plan, self.pricing, &self.provider);
            self.plan.counted = count.await?.counted();
        }
        let started = Instant::now();
        let start = Record::Start {
            provider: subject.model.provider.clone(),
            model: subject.model.model.clone(),
            prompt_version: PROMPT_VERSION.into(),
            run: subject.facts.run.clone(),
            turn: subject.facts.turn,
            system: self.plan.prompt.system.clone(),
            user: self.plan.prompt.user.clone(),
        };
        let mut investigation = Investigation::new(self.plan, self.pricing);
        let mut reporter = Reporter::new(&app.ui, self.transcript, start.clone());
        if self.in_team {
            reporter = reporter.named(&subject.model.to_string());
        }
        if self.resume {
            resume(app, self.transcript, &start, &mut investigation, &mut reporter)?;
        }
        let timeout_ms = args.timeout.or_else(|| app.config.duration_ms("analysis.timeout"));
        drive::drive(
            &mut investigation,
            &self.provider,
            RunData { files: run_files, facts: subject.facts },
            &mut reporter,
            interrupted(),
            time_up(timeout_ms),
        )
        .await;
        if let Some(error) = reporter.finish() {
            app.ui.warn(&format!(
                "the transcript {} can't be written ({error}): --resume will not be possible",
                self.transcript.display()
            ));
        }
        Ok(told(app, subject, run_files, investigation.into_ending(), started))
    }
}

fn told(
    app: &App,
    subject: &Subject<'_>,
    run_files: &RunFiles,
    ending: Ending,
    started: Instant,
) -> Told {
    let (exit, write) = ending::exit(&ending);
    let why = (exit != Exit::Done).then(|| ending::explain(app, &ending, subject.model, exit));
    let mut findings = ending.report.findings;
    evidence::check(&mut findings, run_files);
    let origin = subject.choice.origin.to_string();
    let ended = Ended {
        model: Some(ModelUsed::new(subject.model, origin, ending.served_model)),
        team: Vec::new(),
        usage: UsageTotals::from(&ending.spent),
        cost_usd: ending.spent.cost_usd,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        generated: ending::now(app),
        stop: ending.stop,
        failure: ending.failure.as_ref().map(|failure| failure.message.clone()),
        summary: ending.report.summary,
        findings,
        notices: ending.notices,
    };
    Told { ended, exit, write, why }
}

/// Goes through what was asked and answered before.
fn resume(
    app: &App,
    transcript: &Path,
    start: &Record,
    investigation: &mut Investigation<'_>,
    reporter: &mut Reporter<'_>,
) -> Result<(), CommandError> {
    let records = files::read_transcript(transcript)?;
    let same = |a: &Record, b: &Record| match (a, b) {
        (
            Record::Start { provider: p, model: m, prompt_version: v, run: r, turn: t, .. },
            Record::Start { provider, model, prompt_version, run, turn, .. },
        ) => (p, m, v, r, t) == (provider, model, prompt_version, run, turn),
        _ => false,
    };
    if !records.first().is_some_and(|first| same(first, start)) {
        return Err(CommandError::new(
            Exit::Refused,
            "transcript-differs",
            "the interrupted analysis is of another run, model or version",
        )
        .hint("name the same --model and --turn, or run the command without --resume"));
    }
    drive::replay(investigation, &records);
    reporter.continue_with(&records);
    app.ui.status(&format!(
        "Going on after {}.",
        human::plural(u64::from(investigation.spent().requests), "request")
    ));
    Ok(())
}

pub(super) async fn interrupted() {
    // Without a handler Ctrl-C ends the program at once, which loses nothing but the report.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn time_up(timeout_ms: Option<u64>) {
    match timeout_ms {
        Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        None => std::future::pending().await,
    }
}
