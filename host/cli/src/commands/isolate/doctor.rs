//! `massgen isolate doctor`

use massgen_isolation::archive::doctor;
use massgen_isolation::git::Repository;
use serde_json::json;

use super::{discard, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Find and mend what a crash left
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen isolate doctor\n  massgen isolate doctor --repair --json"
)]
pub(crate) struct DoctorArgs {
    /// Finish what was interrupted
    #[arg(long)]
    repair: bool,
}

pub(crate) fn run(app: &App, args: &DoctorArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let repository = Repository::find(&context.git, &app.environment.cwd).ok().flatten();
    let found = doctor(&context, repository.as_ref(), args.repair)
        .map_err(|error| discard::explain(&error))?;
    let open = found.ailments.iter().filter(|ailment| !ailment.mended).count();
    if app.ui.manner.json {
        let ailments = found.ailments.iter().map(|ailment| {
            json!({"subject": ailment.subject, "kind": ailment.kind, "message": ailment.message,
                   "remedy": ailment.remedy, "mended": ailment.mended})
        });
        app.ui.json(&json!({
            "schema": "isolation-doctor/1", "healthy": open == 0,
            "ailments": ailments.collect::<Vec<_>>(),
        }));
    } else {
        for ailment in &found.ailments {
            let lines = format!(
                "{}: {}\n  {}",
                human::clean(&ailment.subject),
                human::clean(&ailment.message),
                human::clean(&ailment.remedy)
            );
            app.ui.answer(&app.ui.fit(&lines, 4));
        }
        if found.ailments.is_empty() {
            app.ui.status("Everything is in order.");
        }
    }
    Ok(if open == 0 { Exit::Done } else { Exit::Failed })
}
