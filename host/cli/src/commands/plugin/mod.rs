//! `massgen plugin …`: look at plugins, add them, and write them.

mod add;
mod build;
mod check;
mod dev;
mod doctor;
mod inspect;
mod list;
mod new;
mod record;
mod subject;
mod test;

use clap::Subcommand;

use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// List, add and write plugins
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin list\n  massgen plugin inspect openai --json\n  massgen plugin new acme --like openai-chat\n  massgen plugin check acme\n  massgen plugin add acme/acme.wasm"
)]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// List plugins
    #[command(after_help = "Examples:\n  massgen plugin list\n  massgen plugin list --json")]
    List,
    /// Show a plugin's properties and permissions
    Inspect(inspect::InspectArgs),
    /// Show a plugin's permissions and add it
    Add(add::AddArgs),
    /// Update a plugin; ask again if it needs more permissions
    Update(add::UpdateArgs),
    /// Remove a plugin
    Remove(add::RemoveArgs),
    /// Create a plugin from a template
    New(new::NewArgs),
    /// Build a plugin from source
    Build(build::BuildArgs),
    /// Run the conformance checks on a plugin
    Check(check::CheckArgs),
    /// Replay a plugin's cassettes, offline
    Test(test::TestArgs),
    /// Record one live exchange as a cassette
    Record(record::RecordArgs),
    /// Build, check and test on every source change
    Dev(dev::DevArgs),
    /// Diagnose problems with building and running plugins
    Doctor(doctor::DoctorArgs),
}

pub(crate) fn run(app: &App, args: &PluginArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        PluginVerb::List => Ok(list::run(app)),
        PluginVerb::Inspect(args) => inspect::run(app, args),
        PluginVerb::Add(args) => add::add(app, args),
        PluginVerb::Update(args) => add::update(app, args),
        PluginVerb::Remove(args) => add::remove(app, args),
        PluginVerb::New(args) => new::run(app, args),
        PluginVerb::Build(args) => build::run(app, args),
        PluginVerb::Check(args) => check::run(app, args),
        PluginVerb::Test(args) => test::run(app, args),
        PluginVerb::Record(args) => record::run(app, args),
        PluginVerb::Dev(args) => dev::run(app, args),
        PluginVerb::Doctor(args) => Ok(doctor::run(app, args)),
    }
}
