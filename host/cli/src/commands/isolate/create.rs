//! `massgen isolate create`, and the options that `run` shares with it.

use clap::ValueEnum;
use massgen_isolation::baseline::CarryPolicy;
use massgen_isolation::changeset::Counts;
use massgen_isolation::confine::Confinement;
use massgen_isolation::context::Context;
use massgen_isolation::create::{CreateError, CreateRequest, ProjectError, create};
use massgen_isolation::session::{GitKind, Lock, Session};
use massgen_isolation::strategy::Strategy;

use super::protect::{Guard, ProtectArgs, protection, supported};
use super::{document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// How a workspace is made
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CreateArgs {
    /// Strategy: auto, worktree, copy, or the id of a plugin
    #[arg(long, default_value = "auto", value_name = "ID")]
    strategy: String,
    /// Make it a linked work tree of your repository, shown by `git worktree list`
    #[arg(long)]
    linked: bool,
    /// Name of the session
    #[arg(long, value_parser = parse_name)]
    pub(super) name: Option<String>,
    /// Start from this revision instead of your current files
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Ignored files to copy: none, those listed in .worktreeinclude, or all
    #[arg(long, value_enum, default_value_t = Carry::Listed, value_name = "WHICH")]
    carry_ignored: Carry,
    /// Maximum size of the copy, e.g. 500M or 20G
    #[arg(long, default_value = "20G", value_parser = parse_size, value_name = "SIZE")]
    max_size: u64,
    #[command(flatten)]
    protect: ProtectArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Carry {
    None,
    Listed,
    All,
}

/// Make a session and leave it to you
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen isolate create --name try-it\n  cd \"$(massgen isolate create --json | jq -r .workspace)\""
)]
pub(crate) struct CreateCommandArgs {
    #[command(flatten)]
    create: CreateArgs,
}

/// A team of agents that share a repository.
#[derive(Debug, Clone)]
pub(super) struct Team {
    pub(super) id: String,
}

pub(crate) fn run(app: &App, args: &CreateCommandArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let maker = Maker::new(app, &context, &args.create)?;
    let (mut session, _lock) = maker.make(args.create.name.clone(), None)?;
    let guard = Guard::new(app, &context, &session);
    session.protection = protection(&guard, &guard.reach()?);
    setup::save(&context, &session)?;
    if app.ui.manner.json {
        app.ui.json(&document::session(&session, Some(Counts::default())));
    } else {
        app.ui.answer(&format!("{}\n{}", session.id, session.workspace.display()));
    }
    tell(app, &session);
    Ok(Exit::Done)
}

/// Makes sessions with the same options.
pub(super) struct Maker<'a> {
    app: &'a App,
    context: &'a Context,
    args: &'a CreateArgs,
    confinement: Confinement,
    strategies: Vec<massgen_runtime::ComponentStrategy>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        app: &'a App,
        context: &'a Context,
        args: &'a CreateArgs,
    ) -> Result<Self, CommandError> {
        let confinement = args.protect.confinement(app, &context.state)?;
        supported(&confinement)?;
        let strategies = setup::strategies(app, &args.strategy)?;
        Ok(Self { app, context, args, confinement, strategies })
    }

    /// Makes one session. It is locked until the lock is dropped.
    pub(super) fn make(
        &self,
        name: Option<String>,
        team: Option<&Team>,
    ) -> Result<(Session, Lock), CommandError> {
        let args = self.args;
        let request = CreateRequest {
            id: setup::new_id()?,
            name,
            place: self.app.environment.cwd.clone(),
            base: args.base.clone(),
            gitdir: match (args.linked, team) {
                (true, _) => GitKind::Linked,
                (false, Some(_)) => GitKind::Shared,
                (false, None) => GitKind::Private,
            },
            team: team.map(|team| team.id.clone()),
            ignored: match args.carry_ignored {
                Carry::None => CarryPolicy::None,
                Carry::Listed => CarryPolicy::Listed,
                Carry::All => CarryPolicy::All,
            },
            bytes_max: args.max_size,
            confinement: self.confinement.clone(),
            settings: Vec::new(),
        };
        let strategies: Vec<&dyn Strategy> =
            self.strategies.iter().map(|strategy| strategy as &dyn Strategy).collect();
        create(self.context, &request, &strategies).map_err(|error| explain(&error))
    }
}

/// What the user should know of a new session, on stderr.
pub(super) fn tell(app: &App, session: &Session) {
    for note in &session.notes {
        app.ui.warn(&human::clean(note));
    }
    if !session.secrets.is_empty() {
        let names: Vec<String> =
            session.secrets.iter().take(5).map(|path| human::clean(&path.lossy())).collect();
        app.ui.warn(&format!(
            "the agent can read {}: their names say that they hold secrets",
            names.join(", ")
        ));
    }
    let left = session.not_carried.len() as u64;
    if left > 0 {
        app.ui.status(&format!(
            "{} not carried; massgen isolate show {} says why.",
            human::plural(left, "path"),
            session.id
        ));
    }
}

fn explain(error: &CreateError) -> CommandError {
    let failed = |kind| CommandError::failed(kind, error.to_string()).because_source(error);
    match error {
        CreateError::Project(ProjectError::Bare(_)) => {
            failed("bare").hint("make a work tree of it first: git worktree add ../work HEAD")
        }
        CreateError::Project(ProjectError::GitDirectory(_)) => {
            failed("git-directory").hint("start in the work tree, not in .git")
        }
        CreateError::Project(_) => failed("project").hint("--project DIR names another directory"),
        CreateError::Base(_) => failed("base").hint("git log --oneline shows revisions there are"),
        CreateError::Declined(_) => {
            failed("declined").hint("--strategy copy takes every directory")
        }
        CreateError::Aborted { hint, .. } => {
            let failed = failed("aborted");
            match hint {
                Some(hint) => failed.hint(human::clean(hint)),
                None => failed,
            }
        }
        CreateError::Carry(massgen_isolation::baseline::CarryError::TooLarge { .. }) => {
            failed("too-large")
                .hint("allow more with --max-size, or let git ignore what the agent does not need")
        }
        CreateError::State { .. } => {
            failed("state").hint("MASSGEN_STATE_DIR names another place for sessions")
        }
        CreateError::Strategy(_) | CreateError::Empty(_) => failed("strategy"),
        _ => failed("create"),
    }
}

fn parse_name(name: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 60 || !name.chars().all(fine) || name.starts_with(['-', '.'])
    {
        return Err(
            "letters, digits, `-`, `_` and `.`, at most 60, beginning with a letter or digit"
                .into(),
        );
    }
    Ok(name.to_string())
}

/// Checks the name of an agent.
pub(super) fn check_name(name: &str) -> Result<String, CommandError> {
    parse_name(name).map_err(|why| CommandError::usage(format!("{name:?} is no name: {why}")))
}

fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let factor = match unit.to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1u64 << 40,
        _ => return Err(format!("{text:?} is no size: 500M, 20G")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no size: 500M, 20G"))?;
    number.checked_mul(factor).ok_or_else(|| format!("{text:?} is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expect) in [("7", 7), ("500M", 500 << 20), ("20GiB", 20 << 30), ("1kb", 1 << 10)]
        {
            assert_eq!(parse_size(text), Ok(expect), "{text}");
        }
        for bad in ["", "x", "5Q", "99999999999T"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }
}
