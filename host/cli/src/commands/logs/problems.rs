//! `massgen logs problems`

use massgen_logs::problems::{Definition, ProblemKind};
use serde_json::json;

use crate::app::App;
use massgen_terminal::Exit;
use massgen_terminal::table::{self, Align};

/// List the kinds of problems
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen logs problems\n  massgen logs problems --json")]
pub(crate) struct ProblemsArgs {}

pub(crate) fn run(app: &App, _: &ProblemsArgs) -> Exit {
    let definitions = ProblemKind::ALL.iter().map(|kind| kind.definition());
    if app.ui.manner.json {
        let kinds: Vec<Definition> = definitions.collect();
        app.ui.json(&json!({"schema": "problem-kinds/1", "kinds": kinds}));
        return Exit::Done;
    }
    let columns = [("Kind", Align::Left), ("Severity", Align::Left), ("Rule", Align::Left)];
    let cells = definitions.map(|definition| {
        vec![
            definition.kind.as_str().to_string(),
            definition.severity.as_str().to_string(),
            definition.rule.to_string(),
        ]
    });
    app.ui.answer(&table::render(&columns, cells.collect(), app.ui.width()));
    Exit::Done
}
