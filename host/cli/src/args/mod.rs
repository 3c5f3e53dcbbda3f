//! The command line. Parsing has no effects: files and engines are opened by the commands.

pub(crate) mod mistake;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::commands;
use massgen_terminal::Manner;

/// Know what your agents did, and keep their file changes apart until you say yes.
#[derive(Debug, Parser)]
#[command(
    name = "massgen",
    version,
    propagate_version = true,
    after_help = "Begin with:\n  massgen                            what there is here\n  massgen logs                       what happened in the newest run\n  massgen logs analyze --mode self   a report on it\n  massgen isolate run -- COMMAND     an agent in a private copy of the project\n  massgen models                     the models you can use"
)]
pub(crate) struct Args {
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// How to say it
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
}

/// Flags that every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Print one JSON document on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Suppress non-essential output
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print details: choices, retries and plugin logs
    #[arg(long, short, global = true)]
    verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// Run as if started in this directory
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure and explain MassGen's runs
    #[command(args_conflicts_with_subcommands = true)]
    Logs(commands::logs::LogsArgs),
    /// Keep agents' file changes separate until you approve them
    Isolate(Box<commands::isolate::IsolateArgs>),
    /// List models and resolve selectors
    #[command(args_conflicts_with_subcommands = true)]
    Models(commands::models::ModelsArgs),
    /// Show, store, test and delete keys
    Auth(commands::auth::AuthArgs),
    /// Show and edit the configuration
    Config(commands::config::ConfigArgs),
    /// List, inspect, add and develop plugins
    Plugin(commands::plugin::PluginArgs),
    /// Check keys, plugins, directories, git, the kernel and sessions
    Doctor(commands::doctor::DoctorArgs),
    /// Print a completion script for a shell
    Completions(commands::completions::CompletionsArgs),
    /// Write manual pages
    Manual(commands::manual::ManualArgs),
    /// Print third-party licences
    Notices(commands::notices::NoticesArgs),
}

impl GlobalArgs {
    /// How to talk.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            json: self.json,
            quiet: self.quiet,
            verbose: self.verbose,
            color: match self.color {
                Color::Auto => anstream::ColorChoice::Auto,
                Color::Always => anstream::ColorChoice::Always,
                Color::Never => anstream::ColorChoice::Never,
            },
        }
    }
}

#[cfg(test)]
mod tests;
