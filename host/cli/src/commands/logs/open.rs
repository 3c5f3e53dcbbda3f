//! `massgen logs open`

use std::process::Command;

use super::target::{self, TargetArgs};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Open a run's directory
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen logs open\n  massgen logs open --log-dir .massgen/massgen_logs/log_20261122_085921_836350"
)]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    target: TargetArgs,
}

pub(crate) fn run(app: &App, args: &OpenArgs) -> Result<Exit, CommandError> {
    let target = target::find(app, &args.target)?;
    let dir = &target.run.root;
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let failed = |why: String| {
        CommandError::failed("open", format!("{} can't be opened", dir.display()))
            .hint(format!("its path is {}", dir.display()))
            .with_cause(why)
    };
    match Command::new(opener).arg(dir).status() {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(status) => Err(failed(format!("{opener} ended with {status}"))),
        Err(error) => Err(failed(format!("{opener}: {error}"))),
    }
}
