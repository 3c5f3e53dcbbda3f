//! `massgen isolate show`

use massgen_isolation::changes::Opened;
use massgen_isolation::changeset::Counts;
use massgen_isolation::context::Context;
use massgen_isolation::session::{Session, State};

use super::run::words;
use super::{document, escapes, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BOLD, human};

/// Show one session: where it is, what came along, what did not, what changed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen isolate show @last\n  massgen isolate show k3f9 --json"
)]
pub(crate) struct ShowArgs {
    /// The session
    id: String,
}

const LEFT_SHOWN_MAX: usize = 20;

pub(crate) fn run(app: &App, args: &ShowArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let session = setup::session(&context, &args.id)?;
    let counts = counts(&context, &session)?;
    if app.ui.manner.json {
        app.ui.json(&document::session(&session, counts));
    } else {
        app.ui.answer(&app.ui.fit(&text(&session, counts), 14));
    }
    Ok(Exit::Done)
}

fn counts(context: &Context, session: &Session) -> Result<Option<Counts>, CommandError> {
    if !matches!(session.state, State::Open | State::Applied) {
        return Ok(None);
    }
    let opened = Opened::open(context, session.clone()).map_err(|e| setup::changes_error(&e))?;
    let changes = opened.changeset().map_err(|error| setup::changes_error(&error))?;
    Ok(Some(changes.counts()))
}

fn text(session: &Session, counts: Option<Counts>) -> String {
    let mut lines = vec![
        format!("{BOLD}{}{BOLD:#} {}", session.label(), document::state_word(session)),
        format!("  project     {}", human::clean(&session.project.to_string_lossy())),
    ];
    if !session.scope.is_root() {
        lines.push(format!("  scope       {}", human::clean(&session.scope.lossy())));
    }
    lines.push(format!("  workspace   {}", human::clean(&session.workspace.to_string_lossy())));
    lines.push(format!("  strategy    {}", session.strategy));
    if let Some(commit) = &session.base_commit {
        lines.push(format!("  base        {commit}"));
    }
    lines.push(format!(
        "  protection  {} ({})",
        session.protection.achieved,
        session.protection.notes.join("; ")
    ));
    let carried = &session.carried;
    lines.push(if session.base_commit.is_none() {
        // Without git nothing is tracked, and nothing is not.
        let all = carried.tracked + carried.untracked + carried.ignored;
        format!("  carried     {}", human::plural(all, "path"))
    } else {
        format!(
            "  carried     {} tracked ({} modified), {} untracked, {} ignored",
            carried.tracked, carried.modified, carried.untracked, carried.ignored
        )
    });
    if let Some(command) = &session.command {
        let words = command.argv.join(" ");
        lines.push(format!(
            "  command     {} ({})",
            human::cut(&words, 100),
            human::duration(command.duration_ms)
        ));
    }
    if let Some(counts) = counts {
        lines.push(format!("  changes     {}", words(&counts)));
    }
    for escape in session.escapes.iter().take(LEFT_SHOWN_MAX) {
        lines.push(format!("  escape      {}", escapes::line(escape)));
    }
    if session.escapes.len() > LEFT_SHOWN_MAX {
        let more = session.escapes.len() - LEFT_SHOWN_MAX;
        lines.push(format!(
            "  escape      {more} more; massgen isolate escapes {} lists all",
            session.id
        ));
    }
    for note in &session.notes {
        lines.push(format!("  note        {}", human::clean(note)));
    }
    for left in session.not_carried.iter().take(LEFT_SHOWN_MAX) {
        lines.push(format!(
            "  not carried {} ({})",
            human::clean(&left.path.lossy()),
            human::clean(&left.reason)
        ));
    }
    if session.not_carried.len() > LEFT_SHOWN_MAX {
        let more = session.not_carried.len() - LEFT_SHOWN_MAX;
        lines.push(format!("  not carried {more} more; --json lists all"));
    }
    lines.join("\n")
}
