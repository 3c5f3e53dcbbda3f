//! `massgen isolate …`

mod apply;
mod create;
mod diff;
mod discard;
mod doctor;
mod document;
mod escapes;
mod gc;
mod list;
mod protect;
mod restore;
mod review;
mod run;
pub(crate) mod setup;
mod show;
mod undo;

use clap::Subcommand;

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Keep agents' file changes apart until you say yes
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate run -- claude -p 'fix the failing test'\n  \
                        massgen isolate review @last\n  massgen isolate apply @last --only src/parser.rs#2\n  \
                        massgen isolate undo\n\n\
                        ID is a session's id, the beginning of one, its name, or @last.")]
pub(crate) struct IsolateArgs {
    #[command(subcommand)]
    verb: IsolateVerb,
}

#[derive(Debug, Subcommand)]
enum IsolateVerb {
    /// Run a command in a private copy of the project
    Run(Box<run::RunArgs>),
    /// Create a session without running a command
    Create(create::CreateCommandArgs),
    /// Run a command in an existing session
    Exec(run::ExecArgs),
    /// List sessions
    List(list::ListArgs),
    /// Show one session
    Show(show::ShowArgs),
    /// Show a session's changes
    Diff(diff::DiffArgs),
    /// Review a session's changes and apply the ones you accept
    Review(review::ReviewArgs),
    /// Show changes outside a session's workspace, and restore them
    Escapes(escapes::EscapesArgs),
    /// Apply a session's changes to the project
    Apply(apply::ApplyArgs),
    /// Undo the newest apply
    Undo(undo::UndoArgs),
    /// Archive a session and remove its workspace
    Discard(discard::DiscardArgs),
    /// Restore a discarded session
    Restore(restore::RestoreArgs),
    /// Delete old archives permanently
    Gc(gc::GcArgs),
    /// Find and repair what a crash left behind
    Doctor(doctor::DoctorArgs),
}

pub(crate) fn run(app: &App, args: &IsolateArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        IsolateVerb::Run(args) => run::run(app, args),
        IsolateVerb::Create(args) => create::run(app, args),
        IsolateVerb::Exec(args) => run::exec(app, args),
        IsolateVerb::List(args) => list::run(app, args),
        IsolateVerb::Show(args) => show::run(app, args),
        IsolateVerb::Diff(args) => diff::run(app, args),
        IsolateVerb::Review(args) => review::run(app, args),
        IsolateVerb::Escapes(args) => escapes::run(app, args),
        IsolateVerb::Apply(args) => apply::run(app, args),
        IsolateVerb::Undo(args) => undo::run(app, args),
        IsolateVerb::Discard(args) => discard::run(app, args),
        IsolateVerb::Restore(args) => restore::run(app, args),
        IsolateVerb::Gc(args) => gc::run(app, args),
        IsolateVerb::Doctor(args) => doctor::run(app, args),
    }
}
