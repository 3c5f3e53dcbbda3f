//! `massgen plugin dev [DIR]`

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use massgen_kit::provider;

use super::{check, subject, test};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// How often the sources are looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Build, check and test at every change
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen plugin dev\n  massgen plugin dev acme --once")]
pub(crate) struct DevArgs {
    /// Directory of the plugin
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Run once and exit with the result
    #[arg(long)]
    once: bool,
}

pub(super) fn run(app: &App, args: &DevArgs) -> Result<Exit, CommandError> {
    let dir = app.environment.path(&args.dir);
    loop {
        let seen = newest(&dir);
        let result = round(app, &dir);
        if args.once {
            return result;
        }
        if let Err(error) = &result {
            app.ui.error_text(error);
        }
        app.ui.status("Waiting for a change; Ctrl-C ends.");
        while newest(&dir) == seen {
            std::thread::sleep(LOOK);
        }
    }
}

fn round(app: &App, dir: &Path) -> Result<Exit, CommandError> {
    let subject = subject::of_dir(app, dir)?;
    let report = check::examine(app, &subject, &provider::Options::default())?;
    let checked = check::tell(app, &subject, &report);
    let has_cassettes = subject.cassettes.as_ref().is_some_and(|dir| dir.is_dir());
    let replayed = match has_cassettes && !app.ui.manner.json {
        true => test::replay(app, &subject, false)?,
        false => Exit::Done,
    };
    Ok(if checked == Exit::Done { replayed } else { checked })
}

/// When the newest source changed, and how many there are: a removal is a change, too.
fn newest(dir: &Path) -> (usize, Option<SystemTime>) {
    let mut found = (0, None);
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if !name.ends_with(".wasm") && name != "Cargo.lock" {
                found.0 += 1;
                found.1 = found.1.max(entry.metadata().and_then(|meta| meta.modified()).ok());
            }
        }
    }
    found
}
