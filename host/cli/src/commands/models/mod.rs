//! `massgen models` and `massgen models show`

mod list;
pub(crate) mod listing;
mod show;

use clap::Subcommand;

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// List models
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen models\n  massgen models --provider openai --available\n  massgen models show gpt-4o --json"
)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    verb: Option<ModelsVerb>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum ModelsVerb {
    /// Show the model a selector resolves to, and why
    Show(show::ShowArgs),
}

pub(crate) fn run(app: &App, args: &ModelsArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        None => list::run(app, &args.list),
        Some(ModelsVerb::Show(args)) => show::run(app, args),
    }
}
