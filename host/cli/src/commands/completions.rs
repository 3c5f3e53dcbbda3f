//! `massgen completions SHELL`

use clap::CommandFactory;

use crate::app::App;
use crate::args::Args;
use crate::error::CommandError;
use crate::exit::Exit;

/// Print a completion script
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen completions bash > ~/.local/share/bash-completion/completions/massgen\n  massgen completions zsh > ~/.zfunc/_massgen            with ~/.zfunc in fpath\n  massgen completions fish > ~/.config/fish/completions/massgen.fish"
)]
pub(crate) struct CompletionsArgs {
    /// The shell to write for
    shell: clap_complete::Shell,
}

pub(crate) fn run(app: &App, args: &CompletionsArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "massgen", &mut script);
    app.ui.answer(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
