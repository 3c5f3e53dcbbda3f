//! `massgen` alone: what was found here, and where to begin.

use massgen_isolation::git::{Git, Repository};
use massgen_isolation::session::{State, StateDir, list};
use serde_json::json;

use crate::app::App;
use crate::exit::Exit;
use crate::ui::{BOLD, DIM, human};

/// What there is to begin with.
#[derive(Debug, Default)]
struct Found {
    newest_run: Option<String>,
    keys: Vec<String>,
    repository: Option<String>,
    open_sessions: usize,
}

pub(crate) fn run(app: &App) -> Exit {
    let found = look(app);
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "welcome/1", "newest_run": found.newest_run, "providers_with_key": found.keys,
            "repository": found.repository, "open_sessions": found.open_sessions,
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
    let sessions = environment.state_dir().map(|dir| list(&StateDir::new(&dir)).0);
    let open = sessions.unwrap_or_default().into_iter().filter(|session| {
        session.state == State::Open && environment.cwd.starts_with(&*session.project)
    });
    Found {
        newest_run: newest.map(|run| run.name),
        keys: app
            .providers
            .all()
            .filter(|installed| installed.key(environment, &app.config).is_some())
            .map(|installed| installed.manifest.id.clone())
            .collect(),
        repository: repository.map(|repository| repository.root.display().to_string()),
        open_sessions: open.count(),
    }
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
        None => row("runs", "none found here".into(), "massgen logs list --help"),
    });
    text.push_str(&match found.keys.as_slice() {
        [] => row("keys", "none: facts need no model".into(), "massgen models"),
        keys => row("keys", keys.join(", "), "massgen logs analyze --mode self"),
    });
    text.push_str(&match &found.repository {
        Some(_) => {
            row("git", "a repository: private work trees".into(), "massgen isolate run -- AGENT")
        }
        None => row("git", "no repository: plain copies".into(), "massgen isolate run -- AGENT"),
    });
    text.push_str(&match found.open_sessions {
        0 => row("sessions", "none open for this project".into(), "massgen isolate list --all"),
        1 => row("sessions", "one to look at".into(), "massgen isolate review @last"),
        open => row("sessions", format!("{open} to look at"), "massgen isolate list"),
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
