//! Asking a model: from the plan to the written report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use massgen_analysis::budget::Budget;
use massgen_analysis::capabilities::Capabilities;
use massgen_analysis::drive;
use massgen_analysis::evidence;
use massgen_analysis::investigation::{Investigation, Outcome, Plan};
use massgen_analysis::prompt::{self, PROMPT_VERSION, Wishes};
use massgen_analysis::report::{ModelUsed, UsageUsed};
use massgen_analysis::tools::Sight;
use massgen_analysis::transcript::Record;
use massgen_logs::facts::Facts;
use massgen_logs::files::RunFiles;
use massgen_logs::redact::Redactor;
use massgen_models::catalog::Catalog;
use massgen_models::choice::Choice;
use massgen_models::model_id::ModelId;
use massgen_models::request::Reasoning;
use massgen_runtime::{ComponentProvider, LogSink};

use super::ending::{self, Ended};
use super::files::{self, Files};
use super::{AnalyzeArgs, ReasoningLevel, dry_run, exact};
use crate::app::App;
use crate::commands::logs::target::Target;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::human;
use crate::ui::progress::Reporter;

/// What is analysed by whom.
pub(super) struct Subject<'a> {
    pub(super) target: &'a Target,
    pub(super) facts: &'a Facts,
    pub(super) model: &'a ModelId,
    pub(super) choice: &'a Choice,
    pub(super) wishes: &'a Wishes,
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
            Arc::new(|level: &str, line: &str| crate::ui::plugin_line(level, line)) as LogSink
        });
        installed.connect(&app.environment, &app.config, log)
    }
}

/// Part of the context window that a digest may fill, for models without tools.
const DIGEST_SHARE: u64 = 2;
const CONTEXT_TOKENS_UNKNOWN: u64 = 32_000;

pub(super) fn run(
    app: &App,
    args: &AnalyzeArgs,
    subject: &Subject<'_>,
) -> Result<Exit, CommandError> {
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    let run_files = RunFiles::new(&subject.target.run.root, redactor);
    let mut plan = plan(app, args, subject, &run_files);
    let pricing = app.pricing(subject.model);
    if args.dry_run {
        return dry_run::run(app, args.exact, subject, &plan, &pricing);
    }
    let provider = subject.connect(app)?;
    let files = files::claim(app, args, subject.target, subject.facts.turn)?;
    let runtime = runtime()?;
    if args.exact {
        let count = exact::count(app, subject.model, &plan, &pricing, &provider);
        plan.counted = runtime.block_on(count)?.counted();
    }
    let started = Instant::now();
    let start = Record::Start {
        provider: subject.model.provider.clone(),
        model: subject.model.model.clone(),
        prompt_version: PROMPT_VERSION.into(),
        run: subject.facts.run.clone(),
        turn: subject.facts.turn,
        system: plan.prompt.system.clone(),
        user: plan.prompt.user.clone(),
    };
    let mut investigation = Investigation::new(plan, &pricing);
    let mut reporter = Reporter::new(&app.ui, &files.transcript, start.clone());
    if args.resume {
        resume(app, &files, &start, &mut investigation, &mut reporter)?;
    }
    let sight = Sight { files: &run_files, facts: subject.facts };
    let timeout_ms = args.timeout.or_else(|| app.config.duration_ms("analysis.timeout"));
    runtime.block_on(drive::drive(
        &mut investigation,
        &provider,
        sight,
        &mut reporter,
        interrupted(),
        time_up(timeout_ms),
    ));
    // A plugin that is busy must not hold the end up.
    runtime.shutdown_timeout(Duration::from_millis(200));
    let transcript_problem = reporter.finish();
    if let Some(error) = transcript_problem {
        app.ui.warn(&format!(
            "the transcript {} can't be written ({error}): --resume will not be possible",
            files.transcript.display()
        ));
    }
    finish(app, subject, &run_files, &files, investigation.outcome(), started)
}

/// With a thread of its own, so that a plugin that is busy keeps nobody waiting.
fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().map_err(|error| {
        CommandError::failed("runtime", "the program can't wait for the network").because(&error)
    })
}

fn finish(
    app: &App,
    subject: &Subject<'_>,
    run_files: &RunFiles,
    files: &Files,
    outcome: Outcome,
    started: Instant,
) -> Result<Exit, CommandError> {
    let (exit, write) = ending::exit(&outcome);
    let why = (exit != Exit::Done).then(|| ending::explain(app, &outcome, subject.model, exit));
    if !write {
        return Err(
            why.unwrap_or_else(|| CommandError::failed("stopped", "the analysis gave nothing"))
        );
    }
    let mut findings = outcome.answer.findings;
    evidence::check(&mut findings, run_files);
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ended = Ended {
        model: Some(ModelUsed::new(
            subject.model,
            subject.choice.origin.to_string(),
            outcome.served_model,
        )),
        usage: UsageUsed::from(&outcome.spent),
        cost_usd: outcome.spent.cost_usd,
        duration_ms,
        generated: ending::now(app),
        stop: outcome.stop,
        failure: outcome.failure.as_ref().map(|failure| failure.message.clone()),
        summary: outcome.answer.summary,
        findings,
        notices: outcome.notices,
    };
    files.write(app, &ended.analysis(subject.facts))?;
    let verified = ended.findings.iter().filter(|finding| finding.verified).count();
    app.ui.status(&format!(
        "{}, {verified} verified; {}, {} tokens, {}, {}.",
        human::plural(ended.findings.len() as u64, "finding"),
        human::plural(u64::from(ended.usage.requests), "request"),
        human::count(ended.usage.input_tokens + ended.usage.output_tokens),
        human::cost(ended.cost_usd),
        human::duration(duration_ms),
    ));
    if let Some(why) = why {
        // The JSON document is the report; why it is not whole goes to stderr alone.
        app.ui.error_text(&why);
    }
    Ok(exit)
}

fn plan(app: &App, args: &AnalyzeArgs, subject: &Subject<'_>, run_files: &RunFiles) -> Plan {
    let entry = Catalog::embedded().find(&subject.model.provider, &subject.model.model);
    // The catalogue has never heard of an added plugin's models; the plugin has.
    let pinned = app.providers.find(&subject.model.provider).and_then(|installed| {
        installed.models.iter().find(|model| model.id == subject.model.model)
    });
    let capabilities = Capabilities::from_features(
        entry
            .map(|entry| entry.features.as_slice())
            .or(pinned.map(|model| model.features.as_slice())),
        entry
            .and_then(|entry| entry.context_tokens)
            .or(pinned.and_then(|model| model.context_tokens)),
        entry
            .and_then(|entry| entry.max_output_tokens)
            .or(pinned.and_then(|model| model.max_output_tokens)),
    );
    let mut prompt = prompt::prompt(subject.facts, run_files, subject.wishes, capabilities.tools);
    if !capabilities.tools {
        let window = capabilities.context_tokens.unwrap_or(CONTEXT_TOKENS_UNKNOWN);
        let chars = usize::try_from(window / DIGEST_SHARE * 3).unwrap_or(usize::MAX);
        prompt.user.push_str(&prompt::digest(
            subject.facts,
            run_files,
            chars.saturating_sub(prompt.user.len()),
        ));
    }
    let config = &app.config;
    let default = Budget::default();
    let budget = Budget {
        max_cost_usd: args.max_cost.or_else(|| config.number("analysis.max_cost")),
        max_tokens: args.max_tokens.or_else(|| config.number("analysis.max_tokens")),
        max_steps: args
            .max_steps
            .or_else(|| config.number("analysis.max_steps"))
            .unwrap_or(default.max_steps)
            .clamp(1, 200),
        ..default
    };
    Plan {
        model: subject.model.model.clone(),
        capabilities,
        budget,
        reasoning: reasoning(args.reasoning, config.text("analysis.reasoning")),
        stream: !args.no_stream && config.text("analysis.stream") != Some("false"),
        prompt,
        counted: None,
    }
}

fn reasoning(flag: Option<ReasoningLevel>, configured: Option<&str>) -> Reasoning {
    match (flag, configured) {
        (Some(ReasoningLevel::Off), _) | (None, Some("off")) => Reasoning::Off,
        (Some(ReasoningLevel::Low), _) => Reasoning::Level("low".into()),
        (Some(ReasoningLevel::Medium), _) => Reasoning::Level("medium".into()),
        (Some(ReasoningLevel::High), _) => Reasoning::Level("high".into()),
        (None, Some(level)) => Reasoning::Level(level.to_string()),
        (None, None) => Reasoning::Unset,
    }
}

/// Goes through what was asked and answered before.
fn resume(
    app: &App,
    files: &Files,
    start: &Record,
    investigation: &mut Investigation<'_>,
    reporter: &mut Reporter<'_>,
) -> Result<(), CommandError> {
    let records = files.read_transcript()?;
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
