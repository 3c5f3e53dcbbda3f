//! Which run a command is about: `--log-dir`, or the newest there is; `--turn` and `--attempt` narrow it.

use std::path::PathBuf;

use massgen_logs::locate::{self, RunDir, Scope};

use crate::app::App;
use massgen_terminal::CommandError;

/// Which run
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TargetArgs {
    /// Directory of a run, a turn or an attempt [default: the newest run]
    #[arg(long, value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
    /// Turn number [default: the last]
    #[arg(long, short, value_name = "N")]
    pub(crate) turn: Option<u32>,
    /// Attempt number [default: all attempts of the turn]
    #[arg(long, value_name = "M")]
    pub(crate) attempt: Option<u32>,
}

/// A run that was found, and the part of it that is meant.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) run: RunDir,
    pub(crate) turn: Option<u32>,
    pub(crate) attempt: Option<u32>,
}

/// Finds the run that the arguments mean.
pub(crate) fn find(app: &App, args: &TargetArgs) -> Result<Target, CommandError> {
    let (run, scope) = match &args.log_dir {
        Some(dir) => {
            let dir = app.environment.path(dir);
            locate::open(&dir).map_err(|error| {
                CommandError::failed(
                    "run-not-found",
                    format!("{} is not a MassGen run", dir.display()),
                )
                .because(&error)
                .hint("`massgen logs list` shows the runs that can be found from here")
                .hint("a run is a directory `log_…` that holds `turn_1/attempt_1`")
            })?
        }
        None => (newest(app)?, Scope::Run),
    };
    let (turn, attempt) = match scope {
        Scope::Run => (None, None),
        Scope::Turn(turn) => (Some(turn), None),
        Scope::Attempt(turn, attempt) => (Some(turn), Some(attempt)),
    };
    let target = Target { turn: args.turn.or(turn), attempt: args.attempt.or(attempt), run };
    check(&target)?;
    Ok(target)
}

/// The newest run of the first base directory that has one.
fn newest(app: &App) -> Result<RunDir, CommandError> {
    let bases = app.environment.log_bases();
    for base in &bases {
        if let Ok(Some(run)) = locate::newest(base) {
            return Ok(run);
        }
    }
    Err(no_runs(&bases))
}

/// The error for when there is nothing to look at.
pub(crate) fn no_runs(bases: &[PathBuf]) -> CommandError {
    let mut error = CommandError::failed("no-runs", "no MassGen runs were found");
    for base in bases {
        error.causes.push(format!("looked in {}", base.display()));
    }
    error
        .hint("run MassGen in this project first, or name a run with `--log-dir DIR`")
        .hint("set MASSGEN_LOG_BASE_DIR if your runs are elsewhere")
}

fn check(target: &Target) -> Result<(), CommandError> {
    let Some(number) = target.turn else { return Ok(()) };
    let Some(turn) = target.run.turns.iter().find(|turn| turn.number == number) else {
        let there: Vec<_> = target.run.turns.iter().map(|t| t.number.to_string()).collect();
        return Err(CommandError::failed(
            "turn-not-found",
            format!("{} has no turn {number}", target.run.name),
        )
        .hint(format!("turns there are: {}", there.join(", "))));
    };
    match target.attempt {
        Some(number) if !turn.attempts.iter().any(|attempt| attempt.number == number) => {
            let there: Vec<_> = turn.attempts.iter().map(|a| a.number.to_string()).collect();
            Err(CommandError::failed(
                "attempt-not-found",
                format!("turn {} has no attempt {number}", turn.number),
            )
            .hint(format!("attempts there are: {}", there.join(", "))))
        }
        _ => Ok(()),
    }
}
