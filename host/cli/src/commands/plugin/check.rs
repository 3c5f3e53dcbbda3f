//! `massgen plugin check FILE|DIR|ID`

use massgen_kit::{Report, Verdict, cassette, provider, strategy};
use massgen_runtime::manifest::{Manifest, PluginKind};
use serde_json::{Value, json};

use super::subject::{self, Subject};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BAD, DIM, GOOD, human};

/// Hold a plugin to its contract
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code 1: a check failed; each has a line that names the rule and shows the input.\n\nExamples:\n  massgen plugin check acme\n  massgen plugin check acme.wasm --json\n  massgen plugin check openai"
)]
pub(crate) struct CheckArgs {
    /// Component, source directory or plugin id
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    plugin: String,
    /// Value of a setting
    #[arg(long, value_name = "NAME=VALUE", value_parser = subject::parse_setting)]
    set: Vec<(String, String)>,
    /// Number of additional damaged replies to try
    #[arg(long, value_name = "N", default_value_t = 0)]
    fuzz: usize,
}

pub(super) fn run(app: &App, args: &CheckArgs) -> Result<Exit, CommandError> {
    let subject = subject::find(app, &args.plugin)?;
    let options = provider::Options { settings: args.set.clone(), fuzz_runs: args.fuzz };
    let report = examine(app, &subject, &options)?;
    Ok(tell(app, &subject, &report))
}

/// Runs the checks of its kind.
pub(super) fn examine(
    app: &App,
    subject: &Subject,
    options: &provider::Options,
) -> Result<Report, CommandError> {
    let bytes = &subject.component;
    let runtime = subject::runtime(app, true)?;
    // A manifest that can't be read is a finding, too.
    let kind = Manifest::from_component(bytes).map_or(PluginKind::AnalyzerModel, |m| m.kind);
    let own = match &subject.cassettes {
        Some(dir) if kind == PluginKind::AnalyzerModel => {
            cassette::load_all(dir).map_err(|error| {
                CommandError::failed("cassette", "a cassette can't be read").because(&error)
            })?
        }
        _ => Vec::new(),
    };
    Ok(match kind {
        PluginKind::AnalyzerModel => match runtime.load(bytes) {
            Ok(plugin) => provider::run(&plugin, bytes.len(), &own, options),
            Err(error) => provider::refused(&error),
        },
        PluginKind::IsolationStrategy => match runtime.load_strategy(bytes) {
            Ok(plugin) => strategy::run(&plugin, &options.settings),
            Err(error) => provider::refused(&error),
        },
    })
}

/// One line a failed check; what passed is counted, and named with `--verbose`.
pub(super) fn tell(app: &App, subject: &Subject, report: &Report) -> Exit {
    let exit = if report.passed() { Exit::Done } else { Exit::Failed };
    if app.ui.manner.json {
        let checks: Vec<Value> = report
            .results
            .iter()
            .map(|(check, verdict)| {
                let mut line = serde_json::to_value(verdict).unwrap_or_default();
                line["check"] = check.id.into();
                line["rule"] = check.rule.into();
                line
            })
            .collect();
        app.ui.json(&json!({
            "schema": "plugin-check/1", "plugin": subject.shown, "passed": report.passed(),
            "checks": checks,
        }));
        return exit;
    }
    let (mut lines, mut passed, mut untried) = (Vec::new(), 0, Vec::new());
    for (check, verdict) in &report.results {
        match verdict {
            Verdict::Passed { inputs } => {
                passed += 1;
                if app.ui.manner.verbose {
                    lines.push(format!(
                        "{GOOD}ok{GOOD:#}    {}  {DIM}{inputs} tried{DIM:#}",
                        check.id
                    ));
                }
            }
            Verdict::Failed { input, saw } => lines.push(format!(
                "{BAD}fail{BAD:#}  {}: {}; with {}: {}",
                check.id,
                check.rule,
                human::clean(input),
                human::clean(saw)
            )),
            Verdict::Untried { why } => {
                untried.push(check.id);
                if app.ui.manner.verbose {
                    lines.push(format!("{DIM}-     {}  {why}{DIM:#}", check.id));
                }
            }
        }
    }
    let failed = report.failures().count();
    let mut last = format!("{}: {passed} checks passed", subject.shown);
    if failed > 0 {
        last.push_str(&format!(", {failed} failed"));
    }
    if !untried.is_empty() {
        last.push_str(&format!(", {} had nothing to try ({})", untried.len(), untried.join(", ")));
    }
    lines.push(last);
    app.ui.answer(&app.ui.fit(&lines.join("\n"), 6));
    exit
}
