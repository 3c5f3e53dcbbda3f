//! `massgen manual DIR`

use std::path::PathBuf;

use clap::CommandFactory;
use serde_json::json;

use crate::app::App;
use crate::args::Args;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Write manual pages
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  massgen manual ~/.local/share/man/man1 && man massgen-isolate-run"
)]
pub(crate) struct ManualArgs {
    /// Directory for the pages, one a command; made if it is not there
    dir: PathBuf,
}

pub(crate) fn run(app: &App, args: &ManualArgs) -> Result<Exit, CommandError> {
    let dir = app.environment.path(&args.dir);
    let failed = |error: std::io::Error| {
        CommandError::failed("manual", format!("the pages can't be written to {}", dir.display()))
            .because(&error)
    };
    std::fs::create_dir_all(&dir).map_err(failed)?;
    clap_mangen::generate_to(Args::command(), &dir).map_err(failed)?;
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "manual/1", "dir": dir}));
    }
    app.ui.status(&format!("The pages are in {}. Begin with: man massgen", dir.display()));
    Ok(Exit::Done)
}
