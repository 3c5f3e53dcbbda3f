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
    /// Make a session and leave it to you
    Create(create::CreateCommandArgs),
    /// Run a command in a session that exists
    Exec(run::ExecArgs),
    /// List sessions
    List(list::ListArgs),
    /// Show one session
    Show(show::ShowArgs),
    /// Show what a session changed
    Diff(diff::DiffArgs),
    /// Look at a session's changes, decide, and apply what you take
    Review(review::ReviewArgs),
    /// Show what was changed outside of a session's workspace, and bring it back
    Escapes(escapes::EscapesArgs),
    /// Write a session's changes into the project
    Apply(apply::ApplyArgs),
    /// Take the newest apply back
    Undo(undo::UndoArgs),
    /// Archive a session and remove its workspace
    Discard(discard::DiscardArgs),
    /// Bring a discarded session back
    Restore(restore::RestoreArgs),
    /// Remove old archives for good
    Gc(gc::GcArgs),
    /// Find and mend what a crash left
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
