//! `massgen logs analyze`

mod ask;
mod dry_run;
mod ending;
mod exact;
mod files;
mod models;
mod plan;
mod progress;
mod team;
mod wishes;
pub(crate) use ending::{now, of_failure};
pub(crate) use models::resolve;

use clap::ValueEnum;
use massgen_logs::facts::Facts;
use massgen_models::choice::Origin;
use serde_json::json;

use super::facts;
use super::target::{self, Target, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_units::Duration;

/// Report on a run
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs analyze --model anthropic/claude-haiku-5-5\n  massgen logs analyze --mode self --model none\n  \
                        massgen logs analyze --model gpt-4o --max-cost 0.05 --focus cost\n  massgen logs analyze --model openai/gpt-6-luna --dry-run --exact\n  \
                        massgen logs analyze --model gpt-6-luna --model claude-haiku-5-5"
)]
pub(crate) struct AnalyzeArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Print a prompt for a coding agent, or analyse here [default: self with --model, else prompt]
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Model: provider/model, a name, an alias or none; repeat for a team
    #[arg(long, value_name = "SELECTOR")]
    model: Vec<String>,
    /// Explain how the model was chosen
    #[arg(long)]
    explain_model: bool,
    /// Maximum cost in US dollars
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    max_cost: Option<f64>,
    /// Maximum tokens
    #[arg(long, value_name = "N")]
    max_tokens: Option<u64>,
    /// Maximum requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    max_steps: Option<u32>,
    /// Maximum duration, e.g. 90s or 10m
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<u64>,
    /// Reasoning effort
    #[arg(long, value_enum, value_name = "LEVEL")]
    reasoning: Option<ReasoningLevel>,
    /// File with additional instructions for the model; - reads stdin
    #[arg(long, value_name = "FILE")]
    prompt_file: Option<std::path::PathBuf>,
    /// Area to focus on
    #[arg(long, value_enum, value_name = "WHAT")]
    focus: Vec<FocusOn>,
    /// Path of the report [default: next to the turn's logs]
    #[arg(long, value_name = "FILE")]
    output: Option<std::path::PathBuf>,
    /// Formats to write
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Format::Md, Format::Json])]
    format: Vec<Format>,
    /// Disable streaming
    #[arg(long)]
    no_stream: bool,
    /// Replace an existing report
    #[arg(long, short)]
    force: bool,
    /// Resume an interrupted analysis
    #[arg(long, conflicts_with = "dry_run")]
    resume: bool,
    /// Print the request's size and estimated cost without sending it
    #[arg(long)]
    dry_run: bool,
    /// Have the service count the prompt's tokens instead of estimating them
    #[arg(long)]
    exact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Prompt,
    #[value(name = "self")]
    Own,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReasoningLevel {
    Off,
    Low,
    Medium,
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FocusOn {
    Correctness,
    Efficiency,
    Behavior,
    Cost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Md,
    Json,
    Html,
}

fn duration(text: &str) -> Result<u64, String> {
    let duration: Duration = text.parse().map_err(|error| format!("{error}"))?;
    if duration.is_zero() {
        return Err("the duration must be longer than 0".into());
    }
    Ok(duration.as_millis())
}

pub(crate) fn run(app: &App, args: &AnalyzeArgs) -> Result<Exit, CommandError> {
    let target = target::find(app, &args.target)?;
    let own = args.mode == Some(Mode::Own) || (args.mode.is_none() && !args.model.is_empty());
    if !own {
        return Ok(prompt(app, &target));
    }
    if args.max_cost.is_some_and(|usd| !usd.is_finite() || usd < 0.0) {
        return Err(CommandError::usage("--max-cost is no amount of US dollars")
            .with_cause("an amount is 0 or more")
            .hint("for example --max-cost 0.05"));
    }
    let wishes = wishes::of(app, args)?;
    if args.model.len() > 1 {
        let chosen = team::choices(app, args)?;
        let facts = facts::measure(app, &target);
        return team::run(app, args, &target, &facts, &wishes, &chosen);
    }
    let choice = models::choose(app, args.model.first().map(String::as_str), args.explain_model)?;
    let facts = facts::measure(app, &target);
    match &choice.model {
        None => {
            let origin = match choice.origin {
                Origin::Flag => "--model none".to_string(),
                origin => origin.to_string(),
            };
            without_model(app, args, &target, &facts, &origin)
        }
        Some(model) => ask::run(
            app,
            args,
            &ask::Subject {
                target: &target,
                facts: &facts,
                model,
                choice: &choice,
                wishes: &wishes,
            },
        ),
    }
}

/// What MassGen's own command prints: a line to paste into a coding agent.
fn prompt(app: &App, target: &Target) -> Exit {
    let mut text =
        format!("Use the massgen-log-analyzer skill to analyze: {}", target.run.root.display());
    if let Some(turn) = target.turn {
        text.push_str(&format!("\nAnalyze turn: turn_{turn}"));
    }
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "prompt/1", "prompt": text, "run": target.run.name}));
    } else {
        app.ui.answer(&text);
        app.ui.status("Copy this into your coding agent, or have it done here: `massgen logs analyze --mode self --model MODEL`.");
    }
    Exit::Done
}

/// The report from facts and detected problems.
fn without_model(
    app: &App,
    args: &AnalyzeArgs,
    target: &Target,
    facts: &Facts,
    origin: &str,
) -> Result<Exit, CommandError> {
    if args.dry_run {
        if app.ui.manner.json {
            app.ui.json(
                &json!({"schema": "estimate/1", "model": null, "cost_usd": 0, "reason": origin}),
            );
        } else {
            app.ui.answer(&format!("No model would be asked ({origin}): the report comes from the facts alone and costs nothing."));
        }
        return Ok(Exit::Done);
    }
    app.ui.status(&format!(
        "Skipping the model ({origin}): the report uses measured facts and detected problems only."
    ));
    let files = files::claim(app, args, target, facts.turn)?;
    let ended = ending::without_model(app, facts);
    files.write(app, &ended.analysis(facts))?;
    Ok(Exit::Done)
}
