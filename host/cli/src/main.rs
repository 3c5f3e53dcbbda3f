//! The `massgen` program: parses the command line, runs one command, turns its result into words and
//! an exit code. Everything that thinks is in the libraries.

mod app;
mod args;
mod commands;

use std::process::ExitCode;

use clap::Parser;
use massgen_terminal::{CommandError, Exit, Ui};

use app::App;
use args::{Args, Command};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return args::mistake::explain(error).into(),
    };
    let ui = Ui::new(args.global.manner());
    let result = App::new(ui, args.global.project.as_deref());
    let (app, outcome) = match result {
        Ok(app) => {
            let outcome = run(&app, args.command.as_ref());
            (app, outcome)
        }
        Err((ui, error)) => {
            ui.error(&error);
            return error.exit.into();
        }
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            app.ui.error(&error);
            error.exit.into()
        }
    }
}

fn run(app: &App, command: Option<&Command>) -> Result<Exit, CommandError> {
    let Some(command) = command else { return Ok(commands::welcome::run(app)) };
    match command {
        Command::Logs(args) => commands::logs::run(app, args),
        Command::Isolate(args) => commands::isolate::run(app, args),
        Command::Models(args) => commands::models::run(app, args),
        Command::Auth(args) => commands::auth::run(app, args),
        Command::Config(args) => commands::config::run(app, args),
        Command::Plugin(args) => commands::plugin::run(app, args),
        Command::Doctor(args) => commands::doctor::run(app, args),
        Command::Completions(args) => commands::completions::run(app, args),
        Command::Manual(args) => commands::manual::run(app, args),
        Command::Notices(args) => Ok(commands::notices::run(app, args)),
    }
}
