//! `massgen notices`: a program on its own carries what its parts ask for.

use serde_json::json;
use two_face::acknowledgement;

use crate::app::App;
use massgen_terminal::Exit;

const PAGE: &str = include_str!("../../../../docs/third-party.md");

/// Print third-party licences
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen notices | less\n  massgen notices > NOTICES.md")]
pub(crate) struct NoticesArgs {}

pub(crate) fn run(app: &App, _: &NoticesArgs) -> Exit {
    let syntaxes = acknowledgement::listing();
    let licences: Vec<_> = syntaxes
        .for_syntaxes()
        .iter()
        .filter(|licence| licence.needs_acknowledgement())
        .map(|licence| format!("### {}\n\n{}", licence.rel_path.display(), licence.text.trim()))
        .collect();
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "notices/1", "page": PAGE, "syntaxes": licences}));
    } else {
        app.ui.answer(&format!("{PAGE}\n## Licences of the syntaxes\n\n{}", licences.join("\n\n")));
    }
    Exit::Done
}
