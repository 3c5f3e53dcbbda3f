//! `massgen logs facts`

use massgen_logs::examine;
use massgen_logs::facts::Facts;
use massgen_logs::problems::{Problem, Severity};
use massgen_logs::redact::Redactor;

use super::summary;
use super::target::{self, Target, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BAD, DIM, Ui, WARN, human};

/// Show every fact
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen logs facts\n  massgen logs facts --turn 1 --json")]
pub(crate) struct FactsArgs {
    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(app: &App, args: &FactsArgs) -> Result<Exit, CommandError> {
    let target = target::find(app, &args.target)?;
    let facts = measure(app, &target);
    if app.ui.manner.json {
        app.ui.json(&facts);
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for attempt in &facts.attempts {
        for leg in &attempt.critical_path {
            text.push_str(&format!(
                "critical path: attempt {} {} round {} ({})\n",
                attempt.attempt,
                human::clean(&leg.agent),
                leg.round,
                human::duration(leg.ms)
            ));
        }
        for duplicate in &attempt.duplicates {
            text.push_str(&format!(
                "called {}: {} {} ({})\n",
                human::plural(duplicate.count, "time"),
                human::clean(&duplicate.tool),
                human::cut(&duplicate.args.to_string(), 80),
                duplicate.agents.join(", ")
            ));
        }
    }
    text.push('\n');
    let mut text = summary::overview(&facts, app.ui.width()) + &app.ui.fit(&text, 2);
    text.push_str(&problems(&app.ui, &facts.problems, usize::MAX));
    for diagnostic in &facts.diagnostics {
        let line = format!(
            "{DIM}not readable: {}:{} {}{DIM:#}\n",
            diagnostic.file,
            diagnostic.line,
            human::clean(&diagnostic.message)
        );
        text.push_str(&app.ui.fit(&line, 2));
    }
    app.ui.answer(&text);
    Ok(Exit::Done)
}

/// Everything measured of the target. `--attempt` narrows it to one attempt.
pub(crate) fn measure(app: &App, target: &Target) -> Facts {
    let redactor = Redactor::new(app.providers.all_keys(&app.environment, &app.config));
    let mut facts = examine(&target.run, target.turn, &redactor);
    narrow(&mut facts, target);
    facts
}

/// Leaves out the attempts that are not meant.
pub(crate) fn narrow(facts: &mut Facts, target: &Target) {
    if let Some(number) = target.attempt {
        facts.attempts.retain(|attempt| attempt.attempt == number);
        facts.problems.retain(|problem| problem.attempt == number);
        facts.wall_ms = facts.attempts.iter().map(|attempt| attempt.wall_ms).sum();
    }
}

/// Problems with their first place.
pub(crate) fn problems(ui: &Ui, problems: &[Problem], most: usize) -> String {
    if problems.is_empty() {
        return "No problem was detected.\n".into();
    }
    let mut text = String::new();
    for problem in problems.iter().take(most) {
        let style = match problem.severity {
            Severity::High => BAD,
            Severity::Medium => WARN,
            Severity::Low | Severity::Info => DIM,
        };
        let line = format!(
            "{style}{:<6}{style:#} {}\n",
            problem.severity.as_str(),
            human::clean(&problem.title)
        );
        text.push_str(&ui.fit(&line, 7));
        if let Some(evidence) = problem.evidence.first() {
            let more = problem.evidence.len().saturating_sub(1);
            let more = if more > 0 { format!(" (+{more})") } else { String::new() };
            text.push_str(&format!(
                "       {DIM}{}:{}{more}{DIM:#}\n",
                evidence.file, evidence.line_start
            ));
        }
    }
    if problems.len() > most {
        text.push_str(&format!(
            "… and {} more: `massgen logs facts` shows all\n",
            problems.len() - most
        ));
    }
    text
}
