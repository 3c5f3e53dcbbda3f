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
    /// List the plugins that there are
    #[command(after_help = "Examples:\n  massgen plugin list\n  massgen plugin list --json")]
    List,
    /// Show what a plugin is and may do
    Inspect(inspect::InspectArgs),
    /// Show what a plugin may do, and take it in
    Add(add::AddArgs),
    /// Take in a newer version of a plugin; ask again if it may do more
    Update(add::UpdateArgs),
    /// Take a plugin out
    Remove(add::RemoveArgs),
    /// Begin a plugin of your own
    New(new::NewArgs),
    /// Build a plugin from its sources
    Build(build::BuildArgs),
    /// Hold a plugin to its contract
    Check(check::CheckArgs),
    /// Replay a plugin's cassettes, offline
    Test(test::TestArgs),
    /// Record one live exchange as a cassette
    Record(record::RecordArgs),
    /// Build, check and test whenever a source changes
    Dev(dev::DevArgs),
    /// Look for what keeps plugins from being built or run
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
