//! `massgen isolate undo`

use massgen_isolation::apply::{NoHook, UndoError, UndoTarget, undo};
use massgen_isolation::create::locate;
use massgen_isolation::path::RelPath;
use serde_json::json;

use super::setup;
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Take the newest apply back
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate undo\n  massgen isolate undo k3f9 --json")]
pub(crate) struct UndoArgs {
    /// The session whose newest apply is meant; without it, the newest of this project
    id: Option<String>,
}

pub(crate) fn run(app: &App, args: &UndoArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let session = args.id.as_deref().map(|id| setup::session(&context, id)).transpose()?;
    let root = locate(&context.git, &app.environment.cwd).map(|project| project.root);
    let root = root.unwrap_or_else(|_| app.environment.cwd.clone());
    let which = match &session {
        Some(session) => UndoTarget::Session(&session.id),
        None => UndoTarget::Project(&root),
    };
    let undone = undo(&context, which, &mut NoHook).map_err(|error| explain(&error))?;
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "undo/1",
            "undone": undone.id,
            "session": undone.sessions.first(),
            "sessions": undone.sessions,
            "restored": undone.restored.iter().map(RelPath::lossy).collect::<Vec<_>>(),
        }));
        return Ok(Exit::Done);
    }
    app.ui.status(&format!(
        "{} as before. The session {} can be reviewed and applied again.",
        human::plural(undone.restored.len() as u64, "path"),
        undone.sessions.join(", ")
    ));
    Ok(Exit::Done)
}

fn explain(error: &UndoError) -> CommandError {
    let made = |exit, kind| CommandError::new(exit, kind, error.to_string()).because_source(error);
    match error {
        UndoError::Nothing => made(Exit::Refused, "nothing-to-undo")
            .hint("massgen isolate list shows what was applied, here and elsewhere"),
        UndoError::Drift(paths) => {
            let refused = made(Exit::Refused, "drift");
            let told = paths.iter().take(20).map(|b| format!("{}: {}", b.path.lossy(), b.reason));
            told.fold(refused, CommandError::with_cause)
                .hint("put your later changes aside (git stash), undo, and bring them back")
        }
        UndoError::Apply(_) => made(Exit::Failed, "undo").hint("massgen isolate doctor --repair"),
    }
}
