//! `massgen isolate discard`

use massgen_isolation::archive::{ArchiveError, discard};
use massgen_isolation::git::GitError;
use massgen_isolation::session::{Busy, Session};

use super::{document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Archive a session, then remove its workspace; nothing is lost
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  massgen isolate discard @last")]
pub(crate) struct DiscardArgs {
    /// The session
    id: String,
}

pub(crate) fn run(app: &App, args: &DiscardArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let session = setup::session(&context, &args.id)?;
    let session = discard(&context, &session).map_err(|error| explain(&error))?;
    if app.ui.manner.json {
        app.ui.json(&document::session(&session, None));
    } else {
        tell(app, &session);
    }
    Ok(Exit::Done)
}

pub(super) fn tell(app: &App, session: &Session) {
    app.ui.status(&format!(
        "Session {} is archived. massgen isolate restore {} brings it back.",
        session.label(),
        session.id
    ));
}

/// Words for what can't be put away, brought back or removed.
pub(super) fn explain(error: &ArchiveError) -> CommandError {
    let made = |exit, kind| CommandError::new(exit, kind, error.to_string()).because_source(error);
    match error {
        ArchiveError::Busy { source: Busy::Held { .. }, .. } => {
            made(Exit::Refused, "busy").hint("wait until its command has ended")
        }
        ArchiveError::Discarded(_) => made(Exit::Refused, "discarded"),
        ArchiveError::NotDiscarded(_) => made(Exit::Refused, "not-discarded"),
        ArchiveError::Git(GitError::Special(_)) => {
            made(Exit::Failed, "archive").hint("remove it: a pipe or a device holds no work")
        }
        _ => made(Exit::Failed, "archive"),
    }
}
