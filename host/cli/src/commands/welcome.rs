//! `massgen` alone: what was found here, and where to begin.

use massgen_isolation::changes::Opened;
use massgen_isolation::changeset::{Changeset, Scope};
use massgen_isolation::git::{Git, Repository};
use massgen_isolation::session::{State, list};
use serde_json::json;

use super::isolate::setup;
use crate::app::App;
use massgen_terminal::Exit;
use massgen_terminal::{BOLD, DIM, human};

/// Open sessions that are looked into: what is older can wait for `isolate list`.
const SESSIONS_MAX: usize = 20;

/// What there is to begin with.
#[derive(Debug, Default)]
struct Found {
    newest_run: Option<String>,
    keys: Vec<String>,
    repository: Option<String>,
    open_sessions: usize,
    /// Those of them that hold changes, the newest first.
    to_review: Vec<String>,
}

pub(crate) fn run(app: &App) -> Exit {
    let found = look(app);
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "welcome/1", "newest_run": found.newest_run, "providers_with_key": found.keys,
            "repository": found.repository, "open_sessions": found.open_sessions,
            "to_review": found.to_review,
        }));
    } else {
        app.ui.answer(&render(&found));
    }
    Exit::Done
}

fn look(app: &App) -> Found {
    let environment = &app.environment;
    let newest =
        environment.log_bases().iter().find_map(|base| massgen_logs::locate::newest(base).ok()?);
    let git = Git::new(std::env::vars_os());
    let repository = Repository::find(&git, &environment.cwd).ok().flatten();
    let (open_sessions, to_review) = sessions(app);
    Found {
        newest_run: newest.map(|run| run.name),
        keys: app
            .providers
            .all()
            .filter(|installed| installed.key(environment, &app.config).is_some())
            .map(|installed| installed.manifest.id.clone())
            .collect(),
        repository: repository.map(|repository| repository.root.display().to_string()),
        open_sessions,
        to_review,
    }
}

/// How many sessions of this project are open, and which hold something to look at: a command that changed
/// nothing leaves a session, and nothing to decide.
fn sessions(app: &App) -> (usize, Vec<String>) {
    let Ok(context) = setup::context(app) else { return (0, Vec::new()) };
    let mut sessions = list(&context.state).0;
    sessions.retain(|session| {
        session.state == State::Open && app.environment.cwd.starts_with(&*session.project)
    });
    let open = sessions.len();
    let to_review = sessions.into_iter().take(SESSIONS_MAX).filter_map(|session| {
        let id = session.id.clone();
        let changes = Opened::open(&context, session).and_then(|opened| opened.changeset());
        let inside = |changes: &Changeset| changes.changes.iter().any(|c| c.scope == Scope::In);
        changes.is_ok_and(|changes| inside(&changes)).then_some(id)
    });
    (open, to_review.collect())
}

/// Five lines of what is here with the command that follows from each, and how to learn more.
fn render(found: &Found) -> String {
    let row = |what: &str, found: String, command: &str| {
        format!(
            "  {BOLD}{what:<9}{BOLD:#} {:<34} {DIM}{command}{DIM:#}\n",
            human::cut(&human::clean(&found), 34)
        )
    };
    let mut text = String::from(
        "Know what your agents did, and keep their file changes apart until you say yes.\n\n",
    );
    text.push_str(&match &found.newest_run {
        Some(run) => row("runs", format!("newest: {run}"), "massgen logs"),
        None => row("runs", "none found here".into(), "massgen logs --log-dir DIR"),
    });
    text.push_str(&match found.keys.as_slice() {
        [] => row("keys", "none: facts need no model".into(), "massgen auth status"),
        keys => row("keys", keys.join(", "), "massgen logs analyze --mode self"),
    });
    text.push_str(&match &found.repository {
        Some(_) => {
            row("git", "a repository: private work trees".into(), "massgen isolate run -- AGENT")
        }
        None => row("git", "no repository: plain copies".into(), "massgen isolate run -- AGENT"),
    });
    text.push_str(&match (found.to_review.as_slice(), found.open_sessions) {
        ([], 0) => row("sessions", "none for this project".into(), "massgen isolate list --all"),
        ([], open) => {
            row("sessions", format!("{open} open, without changes"), "massgen isolate list")
        }
        ([one], _) => {
            row("sessions", "one to look at".into(), &format!("massgen isolate review {one}"))
        }
        (several, _) => {
            row("sessions", format!("{} to look at", several.len()), "massgen isolate list")
        }
    });
    text.push_str(&row("health", "what works and what does not".into(), "massgen doctor"));
    text.push_str("\nmassgen --help lists all commands; every command has --help with examples.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_a_narrow_terminal_whatever_was_found() {
        let found = Found {
            newest_run: Some("log_20261122_085921_836350_and_a_name_that_goes_on".into()),
            keys: ["anthropic", "google", "openai", "openrouter", "mistral"]
                .map(String::from)
                .to_vec(),
            repository: Some("/x".into()),
            open_sessions: 12,
            to_review: vec!["k3f9w2x7ab".into()],
        };
        for found in [found, Found::default()] {
            let text = anstream::adapter::strip_str(&render(&found)).to_string();
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
            assert!(text.contains("massgen isolate run -- AGENT"));
        }
    }
}
