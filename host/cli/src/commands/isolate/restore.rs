//! `massgen isolate restore`

use massgen_isolation::archive::restore;

use super::{discard, document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Bring a discarded session back
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  massgen isolate restore k3f9")]
pub(crate) struct RestoreArgs {
    /// The session
    id: String,
}

pub(crate) fn run(app: &App, args: &RestoreArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let session = setup::session(&context, &args.id)?;
    let known = session.notes.len();
    let session = restore(&context, &session).map_err(|error| discard::explain(&error))?;
    for note in session.notes.iter().skip(known) {
        app.ui.warn(note);
    }
    if app.ui.manner.json {
        app.ui.json(&document::session(&session, None));
    } else {
        app.ui.answer(&session.workspace.display().to_string());
        app.ui.status(&format!("Session {} is back.", session.label()));
    }
    Ok(Exit::Done)
}
