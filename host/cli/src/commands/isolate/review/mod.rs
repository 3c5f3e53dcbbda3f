//! `massgen isolate review`

mod page;

use std::io::IsTerminal;
use std::time::Duration;

use massgen_isolation::apply::Applied;
use massgen_isolation::changes::Opened;
use massgen_isolation::context::Context;
use massgen_isolation::review::SavedDecisions;
use serde_json::json;

use super::run::parse_duration;
use super::{apply, discard, setup};
use crate::app::App;
use massgen_review::{Colors, Job, JobError, Outcome, TerminalError};
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Review a session's changes and apply the ones you accept
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate review @last\n  \
                        massgen isolate review alice bob       two sessions, side by side\n  \
                        massgen isolate review @last --plain   prompt by prompt\n  \
                        massgen isolate review @last --web     in a browser\n\n\
                        In the review, ? shows all keys. Every decision is kept at once: a review that is \
                        left, or whose terminal was closed, continues where it was. Nothing is applied \
                        before Enter has shown what will happen and you said yes.")]
pub(crate) struct ReviewArgs {
    /// Sessions; several are reviewed together and applied in order
    #[arg(required = true)]
    ids: Vec<String>,
    /// Ask hunk by hunk on stdin (y n a d q ?) instead of full screen
    #[arg(long)]
    plain: bool,
    /// Review in a browser: serve a page on 127.0.0.1 and print its address
    #[arg(long, conflicts_with = "plain")]
    web: bool,
    /// Print the page's address without opening a browser
    #[arg(long, requires = "web")]
    no_open: bool,
    /// Stop the server after this time without a request
    #[arg(long, requires = "web", value_parser = parse_duration, value_name = "D", default_value = "30m")]
    idle: Duration,
}

/// How somebody wants to review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Screen,
    Prompts,
    Page { open: bool, idle: Duration },
}

pub(crate) fn run(app: &App, args: &ReviewArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let mut sessions: Vec<Opened> = Vec::new();
    for id in &args.ids {
        let opened = setup::opened(&context, id)?;
        if sessions.iter().any(|known| known.session.id == opened.session.id) {
            return Err(CommandError::usage(format!("{id} is named twice")));
        }
        if let Some(first) = sessions.first()
            && first.session.project != opened.session.project
        {
            return Err(CommandError::usage(format!(
                "{id} belongs to another project than {}",
                args.ids[0]
            )));
        }
        sessions.push(opened);
    }
    if app.ui.manner.json {
        return told(app, &sessions);
    }
    let manner = match (args.web, args.plain) {
        (true, _) => Manner::Page { open: !args.no_open, idle: args.idle },
        (false, true) => Manner::Prompts,
        (false, false) => Manner::Screen,
    };
    start(app, &context, sessions, manner)
}

/// Whether somebody can be asked on a whole screen.
pub(super) fn has_terminal(app: &App) -> bool {
    std::io::stdin().is_terminal()
        && std::io::stdout().is_terminal()
        && app.environment.var("TERM").is_some_and(|term| term != "dumb")
}

/// Reviews sessions of one project.
pub(super) fn start(
    app: &App,
    context: &Context,
    sessions: Vec<Opened>,
    manner: Manner,
) -> Result<Exit, CommandError> {
    let ids: Vec<String> = sessions.iter().map(|opened| opened.session.id.clone()).collect();
    if manner == Manner::Screen && !has_terminal(app) {
        return Err(CommandError::new(
            Exit::Refused,
            "no-terminal",
            "a review needs a terminal, and there is none; nothing was changed",
        )
        .hint(format!("massgen isolate review {} --plain asks on stdin", ids.join(" ")))
        .hint(format!("massgen isolate diff {} prints the changes", ids[0])));
    }
    let (mut job, desk) = Job::open(context, sessions).map_err(|error| explain(&error))?;
    if desk.tabs.iter().all(|tab| tab.items.is_empty()) {
        app.ui.status("Nothing changed.");
        return Ok(Exit::Done);
    }
    let colors = colors(app);
    let outcome = match manner {
        Manner::Prompts => {
            let mut input = std::io::stdin().lock();
            massgen_review::plain(&app.ui, &mut job, desk, &mut input, colors)
                .map_err(|e| explain(&e))?
        }
        Manner::Page { open, idle } => page::serve(app, &mut job, desk, (open, idle))?,
        Manner::Screen => {
            let editor = editor(app);
            massgen_review::terminal(&mut job, desk, colors, editor).map_err(
                |error| match error {
                    TerminalError::Job(error) => explain(&error),
                    TerminalError::Io(_) => {
                        let names = ids.join(" ");
                        CommandError::failed("terminal", error.to_string())
                            .because_source(&error)
                            .hint(format!("massgen isolate review {names} --plain asks on stdin"))
                    }
                },
            )?
        }
    };
    drop(job);
    Ok(end(app, &ids, &outcome))
}

/// Says how a review ended.
fn end(app: &App, ids: &[String], outcome: &Outcome) -> Exit {
    let names = ids.join(" ");
    match outcome {
        Outcome::Applied(applied) => told_applied(app, ids, applied),
        Outcome::Left | Outcome::Interrupted => app.ui.status(&format!(
            "Nothing was applied; your decisions are kept. massgen isolate review {names} goes on."
        )),
        Outcome::Discarded(session) => discard::tell(app, session),
    }
    match outcome {
        Outcome::Interrupted => Exit::Interrupted,
        Outcome::Applied(_) | Outcome::Left | Outcome::Discarded(_) => Exit::Done,
    }
}

fn told_applied(app: &App, ids: &[String], applied: &Applied) {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    apply::tell(app, false, &ids, applied);
}

/// What the terminal shows.
pub(super) fn colors(app: &App) -> Colors {
    if !app.ui.is_colored() {
        return Colors::None;
    }
    let many = app.environment.var("TERM").is_some_and(|term| term.contains("256"))
        || app.environment.var("COLORTERM").is_some();
    if many { Colors::Many } else { Colors::Few }
}

fn editor(app: &App) -> String {
    let named = ["VISUAL", "EDITOR"].iter().find_map(|name| app.environment.var(name));
    named.unwrap_or("vi").to_string()
}

/// What is decided, as one document.
fn told(app: &App, sessions: &[Opened]) -> Result<Exit, CommandError> {
    let mut documents = Vec::new();
    for opened in sessions {
        let saved = SavedDecisions::load(&opened.dir).map_err(|error| explain(&error.into()))?;
        let mut document = saved.document();
        document["session"] = opened.session.id.clone().into();
        documents.push(document);
    }
    if documents.len() == 1 {
        app.ui.json(&documents[0]);
    } else {
        app.ui.json(&json!({"schema": "reviews/1", "reviews": documents}));
    }
    Ok(Exit::Done)
}

/// Words for a review that can't go on.
pub(super) fn explain(error: &JobError) -> CommandError {
    let made = |exit, kind| CommandError::new(exit, kind, error.to_string()).because_source(error);
    match error {
        JobError::Busy { .. } => {
            made(Exit::Refused, "busy").hint("go on in the other terminal, or end it there")
        }
        JobError::Record(_) => made(Exit::Failed, "decisions")
            .hint("move the file away to begin the review anew; nothing else depends on it"),
        JobError::Changes(error) => setup::changes_error(error),
        JobError::Apply(error) => apply::explain(error),
        JobError::Archive(error) => discard::explain(error),
        JobError::Compare(_) | JobError::Edit(_) => made(Exit::Failed, "changes"),
    }
}
