//! `massgen completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::app::App;
use crate::args::Args;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Print a completion script
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen completions bash > ~/.local/share/bash-completion/completions/massgen\n  massgen completions zsh > ~/.zfunc/_massgen            with ~/.zfunc in fpath\n  massgen completions fish > ~/.config/fish/completions/massgen.fish"
)]
pub(crate) struct CompletionsArgs {
    /// The shell to write for [default: the one that SHELL names]
    shell: Option<Shell>,
}

pub(crate) fn run(app: &App, args: &CompletionsArgs) -> Result<Exit, CommandError> {
    let shell = args.shell.or_else(Shell::from_env).ok_or_else(|| {
        CommandError::usage("it is not known which shell you use")
            .hint("massgen completions bash; there are zsh, fish, elvish and powershell, too")
    })?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "massgen", &mut script);
    let script = String::from_utf8_lossy(&script);
    if app.ui.manner.json {
        let shell = shell.to_string();
        app.ui.json(&json!({"schema": "completions/1", "shell": shell, "script": script}));
    } else {
        app.ui.answer(&script);
    }
    Ok(Exit::Done)
}
