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
    /// Repair what was found
    #[arg(long)]
    repair: bool,
}

pub(crate) fn run(app: &App, args: &DoctorArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let repository = Repository::find(&context.git, &app.environment.cwd).ok().flatten();
    let found = doctor(&context, repository.as_ref(), args.repair)
        .map_err(|error| discard::explain(&error))?;
    let open = found.defects.iter().filter(|defect| !defect.repaired).count();
    if app.ui.manner.json {
        let defects = found.defects.iter().map(|defect| {
            json!({"subject": defect.subject, "kind": defect.kind, "message": defect.message,
                   "remedy": defect.remedy, "mended": defect.repaired})
        });
        app.ui.json(&json!({
            "schema": "isolation-doctor/1", "healthy": open == 0,
            "ailments": defects.collect::<Vec<_>>(),
        }));
    } else {
        for defect in &found.defects {
            let lines = format!(
                "{}: {}\n  {}",
                human::clean(&defect.subject),
                human::clean(&defect.message),
                human::clean(&defect.remedy)
            );
            app.ui.answer(&app.ui.fit(&lines, 4));
        }
        if found.defects.is_empty() {
            app.ui.status("Everything is in order.");
        }
    }
    Ok(if open == 0 { Exit::Done } else { Exit::Failed })
}
