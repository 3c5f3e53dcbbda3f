//! `massgen isolate run` and `exec`

mod agent;
mod leftovers;
mod terminal;

use std::ffi::OsString;
use std::time::Duration;

use clap::ValueEnum;
use massgen_isolation::audit::Watch;
use massgen_isolation::changes::Opened;
use massgen_isolation::changeset::Counts;
use massgen_isolation::context::Context;
use massgen_isolation::review::Selection;
use massgen_isolation::session::{Lock, Session};
use serde_json::json;

use agent::{Ended, Job, RunError, Running, Show};

use super::create::{CreateArgs, Maker, Team, check_name, tell};
use super::protect::{self, Guard};
use super::{apply, document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Run a command in a private copy of the project
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate run -- claude -p 'fix the failing test'\n  \
                        massgen isolate run --carry-ignored all -- npm test\n  \
                        massgen isolate run --agent 'a=codex exec \"fix\"' --agent 'b=gemini -p \"fix\"'\n\n\
                        The exit code is the command's own; 125 means that massgen itself failed.")]
pub(crate) struct RunArgs {
    /// When to apply the changes: ask opens a review (on a terminal), never, or auto if the command succeeds
    #[arg(long, value_enum, value_name = "WHEN")]
    apply: Option<ApplyWhen>,
    /// Maximum duration of the command, e.g. 30m
    #[arg(long, value_parser = parse_duration, value_name = "D")]
    timeout: Option<Duration>,
    /// Name and shell command of an agent; repeat for several agents at the same time
    #[arg(long = "agent", value_name = "NAME=COMMAND", conflicts_with = "command")]
    agents: Vec<String>,
    /// Let the agents see each other's branches
    #[arg(long, requires = "agents", conflicts_with = "linked")]
    share_branches: bool,
    // Its headings hold for all that follows.
    #[command(flatten)]
    create: CreateArgs,
    /// The command and its arguments
    #[arg(last = true, required_unless_present = "agents", value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Run a command in an existing session
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  massgen isolate exec @last -- cargo test")]
pub(crate) struct ExecArgs {
    /// The session
    id: String,
    /// Maximum duration of the command, e.g. 30m
    #[arg(long, value_parser = parse_duration, value_name = "D")]
    timeout: Option<Duration>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ApplyWhen {
    Ask,
    Never,
    Auto,
}

/// Everything that goes wrong on our side, before or after the command, ends in 125.
pub(crate) fn run(app: &App, args: &RunArgs) -> Result<Exit, CommandError> {
    let outcome = if args.agents.is_empty() { run_one(app, args) } else { run_several(app, args) };
    outcome.map_err(host_failed)
}

pub(crate) fn exec(app: &App, args: &ExecArgs) -> Result<Exit, CommandError> {
    let execute = || {
        let context = setup::context(app)?;
        let session = setup::opened(&context, &args.id)?.session;
        let lock =
            Lock::take(&context.state.session(&session.id).join("lock")).map_err(|error| {
                CommandError::failed("busy", format!("session {} is in use", session.label()))
                    .because(&error)
            })?;
        let (session, ended) = in_session(app, &context, session, &args.command, args.timeout)?;
        drop(lock);
        report(app, &context, &session)?;
        Ok(exit_of(&ended))
    };
    execute().map_err(host_failed)
}

fn host_failed(mut error: CommandError) -> CommandError {
    if error.exit == Exit::Failed {
        error.exit = Exit::HostFailed;
    }
    error
}

fn run_one(app: &App, args: &RunArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let maker = Maker::new(app, &context, &args.create)?;
    let (session, lock) = maker.make(args.create.name.clone(), None)?;
    tell(app, &session);
    app.ui.detail(&format!("Session {} in {}", session.id, session.workspace.display()));
    let (session, ended) = in_session(app, &context, session, &args.command, args.timeout)?;
    drop(lock);
    let settled = settle(app, &context, args, &session, &ended)?;
    let session = setup::session(&context, &session.id)?;
    if !settled || app.ui.manner.json {
        report(app, &context, &session)?;
    }
    Ok(exit_of(&ended))
}

fn exit_of(ended: &Ended) -> Exit {
    if ended.interrupted { Exit::Interrupted } else { Exit::Agent(ended.code()) }
}

/// Runs a command and writes down how it ended.
fn in_session(
    app: &App,
    context: &Context,
    mut session: Session,
    command: &[OsString],
    timeout: Option<Duration>,
) -> Result<(Session, Ended), CommandError> {
    let show = if app.ui.manner.json { Show::Stderr } else { Show::Terminal };
    let guard = Guard::new(app, context, &session);
    guard.tell(app);
    let watch = guard.watch(app, context, &session)?;
    let running = Running::default();
    let job =
        Job { session: &session, guard: &guard, argv: command, show, timeout, running: &running };
    let ended = runtime()?
        .block_on(agent::run(job))
        .map_err(|error| start_failed(command, &session, error))?;
    settle_record(app, context, &mut session, (&guard, watch), &ended)?;
    Ok((session, ended))
}

/// Writes down how a command ended, what kept it in, and what it left.
fn settle_record(
    app: &App,
    context: &Context,
    session: &mut Session,
    (guard, watch): (&Guard, Option<Watch>),
    ended: &Ended,
) -> Result<(), CommandError> {
    session.command = Some(ended.record.clone());
    for left in &ended.record.left_running {
        app.ui.warn(&format!("ended what the command left running: {left}"));
    }
    let recorded = protect::record(app, context, session, guard, (&ended.level, watch));
    setup::save(context, session)?;
    recorded
}

fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(
        |error| {
            CommandError::failed("runtime", "the program can't start its runtime").because(&error)
        },
    )
}

fn start_failed(command: &[OsString], session: &Session, error: RunError) -> CommandError {
    let error = match error {
        RunError::Protection(error) => {
            return error
                .hint(format!("massgen isolate discard {} removes the session", session.id));
        }
        RunError::Io(error) => error,
    };
    let program =
        command.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    CommandError::failed("command", format!("{program} can't be started"))
        .because(&error)
        .hint(format!(
            "massgen isolate exec {0} -- COMMAND runs another one there; massgen isolate discard {0} removes it",
            session.id
        ))
}

/// Applies what was agreed on beforehand, or has it reviewed. Gives whether the user knows what became of
/// the changes. Without a terminal nobody is asked, and nothing is applied.
fn settle(
    app: &App,
    context: &Context,
    args: &RunArgs,
    session: &Session,
    ended: &Ended,
) -> Result<bool, CommandError> {
    let total = total(&counts(context, session)?);
    let succeeded = ended.record.exit_code == Some(0) && !ended.interrupted;
    match args.apply {
        _ if total == 0 => Ok(false),
        Some(ApplyWhen::Never) => Ok(false),
        Some(ApplyWhen::Auto) if !session.escapes.is_empty() => {
            app.ui.warn("nothing is applied by itself after something changed outside");
            Ok(false)
        }
        Some(ApplyWhen::Auto) if succeeded => {
            let opened = setup::opened(context, &session.id)?;
            let applied = apply::apply_now(context, &[(opened, Selection::Everything)])?;
            app.ui.status(&format!(
                "{} applied. massgen isolate undo takes that back.",
                human::plural(applied.applied.len() as u64, "path")
            ));
            Ok(true)
        }
        Some(ApplyWhen::Auto) => Ok(false),
        asked => {
            let question = format!("{} changed. Review them now?", human::plural(total, "path"));
            review(app, context, &[session], asked.is_some(), &question)
        }
    }
}

/// Goes on to the review, at once if that was asked for, else if the user says yes.
fn review(
    app: &App,
    context: &Context,
    sessions: &[&Session],
    asked: bool,
    question: &str,
) -> Result<bool, CommandError> {
    let possible = !app.ui.manner.json && super::review::has_terminal(app);
    if !possible || !(asked || app.ui.confirm(question)) {
        return Ok(false);
    }
    let opened = sessions.iter().map(|session| setup::opened(context, &session.id));
    super::review::start(
        app,
        context,
        opened.collect::<Result<_, _>>()?,
        super::review::Manner::Screen,
    )?;
    Ok(true)
}

fn counts(context: &Context, session: &Session) -> Result<Counts, CommandError> {
    let opened = Opened::open(context, session.clone()).map_err(|e| setup::changes_error(&e))?;
    Ok(opened.changeset().map_err(|error| setup::changes_error(&error))?.counts())
}

fn total(counts: &Counts) -> u64 {
    counts.added
        + counts.modified
        + counts.deleted
        + counts.renamed
        + counts.type_changed
        + counts.mode_changed
}

/// Says what the session holds now.
fn report(app: &App, context: &Context, session: &Session) -> Result<(), CommandError> {
    let counts = counts(context, session)?;
    if app.ui.manner.json {
        app.ui.json(&document::session(session, Some(counts)));
        return Ok(());
    }
    let total = total(&counts);
    let id = &session.id;
    app.ui.status(&match total {
        0 => format!(
            "Session {}: nothing changed.\n  massgen isolate discard {id}  archive this session",
            session.label()
        ),
        _ => format!(
            "Session {}: {} ({}).\n  massgen isolate review {id}   look, decide, apply\n  \
             massgen isolate diff {id}     what changed\n  \
             massgen isolate apply {id}    write it into the project\n  massgen isolate discard {id}  archive this session",
            session.label(),
            human::plural(total, "changed path"),
            words(&counts)
        ),
    });
    Ok(())
}

/// `2 added, 1 deleted`.
pub(super) fn words(counts: &Counts) -> String {
    let parts = [
        (counts.added, "added"),
        (counts.modified, "modified"),
        (counts.deleted, "deleted"),
        (counts.renamed, "renamed"),
        (counts.type_changed, "of another type"),
        (counts.mode_changed, "with other permissions"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if told.is_empty() { "no changes".into() } else { told.join(", ") }
}

/// Runs agents side by side, each in a session of its own.
fn run_several(app: &App, args: &RunArgs) -> Result<Exit, CommandError> {
    if args.apply == Some(ApplyWhen::Auto) {
        return Err(CommandError::usage(
            "--apply auto goes with one command: several agents may differ",
        ));
    }
    let agents = parse_agents(&args.agents)?;
    let context = setup::context(app)?;
    let maker = Maker::new(app, &context, &args.create)?;
    let team = args.share_branches.then(setup::new_id).transpose()?.map(|id| Team { id });
    let mut running = Vec::new();
    for (name, command) in agents {
        let (session, lock) = maker.make(Some(name), team.as_ref())?;
        running.push((session, lock, vec!["sh".into(), "-c".into(), command]));
    }
    if let Some((session, _, _)) = running.first() {
        tell(app, session);
    }
    let guards: Vec<Guard> =
        running.iter().map(|(session, _, _)| Guard::new(app, &context, session)).collect();
    if let Some(guard) = guards.first() {
        guard.tell(app);
    }
    let watches = running.iter().zip(&guards);
    let watches = watches.map(|((session, _, _), guard)| guard.watch(app, &context, session));
    let watches = watches.collect::<Result<Vec<_>, _>>()?;
    let at_once = Running::default();
    let outcome = runtime()?.block_on(async {
        let agents = running.iter().zip(&guards).map(|((session, _, argv), guard)| {
            let show = Show::Lines(session.name.clone().unwrap_or_default());
            agent::run(Job { session, guard, argv, show, timeout: args.timeout, running: &at_once })
        });
        futures_util::future::join_all(agents).await
    });
    let mut exit = Exit::Done;
    let (mut documents, mut changed) = (Vec::new(), Vec::new());
    let guarded = guards.iter().zip(watches);
    for (((mut session, lock, argv), ended), guarded) in
        running.into_iter().zip(outcome).zip(guarded)
    {
        let ended = ended.map_err(|error| start_failed(&argv, &session, error))?;
        settle_record(app, &context, &mut session, guarded, &ended)?;
        drop(lock);
        if exit == Exit::Done && exit_of(&ended) != Exit::Agent(0) {
            exit = exit_of(&ended);
        }
        if app.ui.manner.json {
            documents.push(document::session(&session, Some(counts(&context, &session)?)));
        } else {
            report(app, &context, &session)?;
            if total(&counts(&context, &session)?) > 0 {
                changed.push(session);
            }
        }
    }
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "sessions/1", "sessions": documents}));
    } else if args.apply == Some(ApplyWhen::Ask) {
        let changed: Vec<&Session> = changed.iter().collect();
        review(app, &context, &changed, true, "")?;
    }
    Ok(exit)
}

fn parse_agents(agents: &[String]) -> Result<Vec<(String, OsString)>, CommandError> {
    let mut parsed: Vec<(String, OsString)> = Vec::new();
    for agent in agents {
        let (name, command) = agent.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("{agent:?} is no agent: it has the form name=COMMAND"))
        })?;
        let name = check_name(name)?;
        if parsed.iter().any(|(known, _)| *known == name) {
            return Err(CommandError::usage(format!("two agents are called {name}")));
        }
        parsed.push((name, command.into()));
    }
    Ok(parsed)
}

/// Parses the duration of a flag.
pub(super) fn parse_duration(text: &str) -> Result<Duration, massgen_units::ParseDurationError> {
    text.parse().map(massgen_units::Duration::into)
}
