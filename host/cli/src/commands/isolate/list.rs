//! `massgen isolate list`

use massgen_isolation::session::{Session, State, list};
use serde_json::json;

use super::{document, setup};
use crate::app::App;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;
use massgen_terminal::table::{self, Align};

/// List sessions, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen isolate list\n  massgen isolate list --all --json")]
pub(crate) struct ListArgs {
    /// Include discarded sessions
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(app: &App, args: &ListArgs) -> Result<Exit, CommandError> {
    let context = setup::context(app)?;
    let (mut sessions, broken) = list(&context.state);
    sessions.retain(|session| args.all || session.state != State::Discarded);
    if app.ui.manner.json {
        let documents: Vec<_> = sessions.iter().map(|s| document::session(s, None)).collect();
        let damaged: Vec<_> = broken
            .iter()
            .map(|(id, error)| json!({"id": id, "reason": error.to_string()}))
            .collect();
        app.ui.json(&json!({"schema": "sessions/1", "sessions": documents, "damaged": damaged}));
        return Ok(Exit::Done);
    }
    for (id, error) in &broken {
        app.ui.warn(&format!("session {id} can't be read: {error}"));
    }
    if sessions.is_empty() {
        app.ui.status("There are no sessions. massgen isolate run -- COMMAND makes one.");
        return Ok(Exit::Done);
    }
    let columns = [
        ("Session", Align::Left),
        ("Name", Align::Left),
        ("State", Align::Left),
        ("Strategy", Align::Left),
        ("Age", Align::Right),
        ("Exit", Align::Right),
        ("Project", Align::Left),
    ];
    let rows = sessions.iter().map(|session| row(session, context.now_unix_ms)).collect();
    app.ui.answer(&table::render_narrowing(
        &columns,
        rows,
        app.ui.width(),
        &["Strategy", "Exit", "Age", "Project"],
    ));
    Ok(Exit::Done)
}

fn row(session: &Session, now_unix_ms: i64) -> Vec<String> {
    let age_ms = u64::try_from(now_unix_ms - session.created_unix_ms).unwrap_or(0);
    let exit = match &session.command {
        None => "-".to_string(),
        Some(command) => match (command.exit_code, command.signal) {
            (Some(code), _) => code.to_string(),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "running".into(),
        },
    };
    vec![
        session.id.clone(),
        session.name.clone().unwrap_or_default(),
        document::state_word(session).into(),
        session.strategy.split(' ').next().unwrap_or_default().into(),
        human::duration(age_ms),
        exit,
        human::clean(&session.project.to_string_lossy()),
    ]
}
