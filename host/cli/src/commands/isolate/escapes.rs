//! `massgen isolate escapes`

use massgen_isolation::audit::{self, Escape, RestoreError};
use massgen_isolation::changeset::ChangeStatus;
use massgen_isolation::session::{Lock, Session};
use serde_json::json;

use super::{document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Show what was changed outside of a session's workspace while its commands ran
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate escapes @last --patch\n  \
                        massgen isolate escapes @last --restore .git/config")]
pub(crate) struct EscapesArgs {
    /// The session
    id: String,
    /// Only these paths, as listed
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Show the differences
    #[arg(long, conflicts_with = "restore")]
    patch: bool,
    /// Restore the previous contents
    #[arg(long)]
    restore: bool,
}

pub(crate) fn run(app: &App, args: &EscapesArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let mut session = setup::session(&context, &args.id)?;
    for path in &args.paths {
        if !session.escapes.iter().any(|escape| escape.path == *path) {
            return Err(CommandError::usage(format!("{path} is not among the escapes"))
                .hint(format!("massgen isolate escapes {} lists them", session.id)));
        }
    }
    let chosen: Vec<usize> = session
        .escapes
        .iter()
        .enumerate()
        .filter(|(_, escape)| args.paths.is_empty() || args.paths.contains(&escape.path))
        .map(|(at, _)| at)
        .collect();
    if args.restore {
        let _lock =
            Lock::take(&context.state.session(&session.id).join("lock")).map_err(|error| {
                CommandError::failed("busy", format!("session {} is in use", session.label()))
                    .because(&error)
            })?;
        // The newest first: what changed twice goes back twice.
        let wanted: Vec<&Escape> = chosen
            .iter()
            .rev()
            .map(|at| &session.escapes[*at])
            .filter(|escape| !escape.restored)
            .collect();
        audit::restore(&context, &session, &wanted).map_err(|error| explain(&error))?;
        chosen.iter().for_each(|at| session.escapes[*at].restored = true);
        setup::save(&context, &session)?;
    }
    let told: Vec<&Escape> = chosen.iter().map(|at| &session.escapes[*at]).collect();
    if app.ui.manner.json {
        let escapes: Vec<_> = told.iter().map(|escape| document::escape(escape)).collect();
        app.ui.json(&json!({"schema": "escapes/1", "session": session.id, "escapes": escapes}));
        return Ok(Exit::Done);
    }
    if told.is_empty() {
        app.ui.status("Nothing was changed outside of the workspace, as far as was looked.");
        return Ok(Exit::Done);
    }
    if args.patch {
        for escape in told {
            if let Ok(patch) = audit::patch(&context, &session, escape) {
                app.ui.patch(&patch);
            }
        }
        return Ok(Exit::Done);
    }
    let lines: Vec<_> = told.iter().map(|escape| line(escape)).collect();
    app.ui.answer(&app.ui.fit(&lines.join("\n"), 2));
    if !args.restore {
        hint(app, &session);
    }
    Ok(Exit::Done)
}

fn hint(app: &App, session: &Session) {
    app.ui.status(&format!(
        "massgen isolate escapes {0} --patch shows them, --restore brings back what was there.",
        session.id
    ));
}

/// One escape in words.
pub(super) fn line(escape: &Escape) -> String {
    let how = match escape.change {
        ChangeStatus::Added => "added",
        ChangeStatus::Modified => "modified",
        ChangeStatus::Deleted => "deleted",
        ChangeStatus::Renamed => "renamed",
        ChangeStatus::TypeChanged => "of another type",
        ChangeStatus::ModeChanged => "other permissions",
    };
    let more = match (escape.restored, escape.is_restorable()) {
        (true, _) => ", restored",
        (false, true) => "",
        (false, false) => ", too large to be kept",
    };
    format!("{} ({}, {how}{more})", human::clean(&escape.path), escape.kind.word())
}

fn explain(error: &RestoreError) -> CommandError {
    let exit = match error {
        RestoreError::Moved(_) | RestoreError::NotKept(_) => Exit::Refused,
        RestoreError::Store(_) | RestoreError::Io { .. } => Exit::Failed,
    };
    let failed = CommandError::new(exit, "escapes", "what was there can't be brought back");
    let failed = failed.because(error);
    match error {
        RestoreError::Moved(_) | RestoreError::NotKept(_) => {
            failed.hint("name the others to bring them back without it")
        }
        _ => failed,
    }
}
