//! `massgen logs` and `massgen logs summary`: what MassGen recorded, and beside it what is true.

use massgen_logs::facts::{AttemptFacts, Facts};
use serde_json::json;

use super::facts;
use super::target::{self, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::table::{self, Align};
use massgen_terminal::{BOLD, DIM, human};

/// Problems that a summary shows.
const PROBLEMS_MAX: usize = 12;

/// Sum a run up
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs summary\n  massgen logs summary --log-dir ~/runs/log_20261122_085921_836350\n  massgen logs summary --turn 1 --json"
)]
pub(crate) struct SummaryArgs {
    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(app: &App, args: &SummaryArgs) -> Result<Exit, CommandError> {
    let target = target::find(app, &args.target)?;
    let facts = facts::measure(app, &target);
    if app.ui.manner.json {
        let mut document = json!({"schema": "summary/1"});
        if let (Some(document), Ok(serde_json::Value::Object(facts))) =
            (document.as_object_mut(), serde_json::to_value(&facts))
        {
            document.extend(facts.into_iter().filter(|(key, _)| key != "schema"));
            document.insert("path".into(), json!(target.run.root));
        }
        app.ui.json(&document);
        return Ok(Exit::Done);
    }
    let mut text = overview(&facts, app.ui.width());
    text.push('\n');
    text.push_str(&facts::problems(&app.ui, &facts.problems, PROBLEMS_MAX));
    text.push_str(&format!("\n{DIM}{}{DIM:#}\n", target.run.root.display()));
    let report = target.run.root.join(format!("turn_{}/ANALYSIS_REPORT.md", facts.turn));
    let explained = report.is_file();
    if explained {
        text.push_str(&format!("{DIM}Report: {}{DIM:#}\n", report.display()));
    }
    app.ui.answer(&text);
    let next = if explained { "" } else { "; massgen logs analyze --mode self explains it" };
    app.ui.status(&format!("massgen logs timeline draws it{next}."));
    Ok(Exit::Done)
}

/// The figures, recorded and true side by side.
pub(crate) fn overview(facts: &Facts, width: u16) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}  turn {}", facts.run, facts.turn);
    if facts.turns.len() > 1 {
        text.push_str(&format!(" of {}", facts.turns.len()));
    }
    text.push('\n');
    if let Some(question) = &facts.question {
        text.push_str(&format!("{}\n", human::cut(question, usize::from(width).saturating_sub(2))));
    }
    if facts.attempts.is_empty() {
        text.push_str("The turn holds no attempt.\n");
    }
    for attempt in &facts.attempts {
        text.push('\n');
        text.push_str(&figures(attempt, width, facts.attempts.len() > 1));
    }
    text
}

fn figures(attempt: &AttemptFacts, width: u16, several: bool) -> String {
    let mut text = String::new();
    if several {
        text.push_str(&format!("{BOLD}attempt {}{BOLD:#}\n", attempt.attempt));
    }
    let none = || "-".to_string();
    let known = |name: &Option<String>| name.as_deref().map_or_else(none, human::clean);
    let rows = vec![
        vec!["Outcome".into(), attempt.outcome.as_str().replace('_', " "), none()],
        vec![
            "Duration".into(),
            human::duration(attempt.wall_ms),
            attempt.recorded_duration_ms.map_or_else(none, human::duration),
        ],
        vec!["Winner".into(), known(&attempt.winner), known(&attempt.recorded_winner)],
        vec![
            "Failed tool calls".into(),
            format!("{} of {}", attempt.tool_failures, attempt.tool_calls),
            attempt.recorded_tool_failures.map_or_else(none, |n| n.to_string()),
        ],
        vec![
            "Tokens in".into(),
            human::count(attempt.input_tokens),
            human::count(attempt.recorded_input_tokens),
        ],
        vec!["Tokens in no round".into(), human::count(attempt.unattributed_input_tokens), none()],
        vec!["Tokens out".into(), human::count(attempt.output_tokens), none()],
        vec![
            "Cost (estimated)".into(),
            human::dollars(attempt.cost_usd),
            human::dollars(attempt.recorded_cost_usd),
        ],
        vec![
            "Answers, votes, restarts".into(),
            format!("{}, {}, {}", attempt.answers.len(), attempt.votes.len(), attempt.restarts),
            none(),
        ],
        vec!["Failed requests".into(), attempt.api_errors.to_string(), none()],
    ];
    let columns = [("", Align::Left), ("Measured", Align::Right), ("Recorded", Align::Right)];
    text.push_str(&table::render(&columns, rows, width));
    text.push_str("\n\n");
    text.push_str(&agents(attempt, width));
    text
}

fn agents(attempt: &AttemptFacts, width: u16) -> String {
    if attempt.agents.is_empty() {
        return String::new();
    }
    let columns = [
        ("Agent", Align::Left),
        ("Model", Align::Left),
        ("Rounds", Align::Right),
        ("Wall", Align::Right),
        ("Thinking", Align::Right),
        ("Tools", Align::Right),
        ("Failed", Align::Right),
        ("In", Align::Right),
        ("Out", Align::Right),
        ("Cost", Align::Right),
    ];
    let rows = attempt.agents.iter().map(|agent| {
        vec![
            human::clean(&agent.id),
            human::clean(agent.model.as_deref().unwrap_or("-")),
            agent.rounds.to_string(),
            human::duration(agent.wall_ms),
            human::duration(agent.think_ms),
            human::duration(agent.exec_ms),
            format!("{}/{}", agent.tool_failures, agent.tool_calls),
            human::count(agent.input_tokens),
            human::count(agent.output_tokens),
            human::dollars(agent.cost_usd),
        ]
    });
    let mut text = table::render_narrowing(
        &columns,
        rows.collect(),
        width,
        &["Model", "Out", "Rounds", "Cost"],
    );
    text.push('\n');
    text
}
