//! What every verb begins with: the state directory, git, the strategies, a session that was named.

use massgen_isolation::changes::{ChangesError, Opened};
use massgen_isolation::context::Context;
use massgen_isolation::git::Git;
use massgen_isolation::session::{FindError, Session, StateDir, find};
use massgen_runtime::{ComponentStrategy, Runtime, RuntimeOptions};

use crate::app::App;
use massgen_setup::environment::vars;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// State directory, git, clock and machine.
pub(crate) fn context(app: &App) -> Result<Context, CommandError> {
    let base = app.environment.state_dir().ok_or_else(|| {
        CommandError::failed("state", "there is no place to keep sessions: HOME is not set")
            .hint(format!("set {} to a directory of yours", vars::STATE_DIR))
    })?;
    Ok(Context {
        state: StateDir::new(&base),
        git: Git::new(std::env::vars_os()),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        now_unix_ms: app.environment.now_unix_ms(),
    })
}

/// Loads strategies: the one that was asked for, or all, in the order in which they are asked.
pub(super) fn strategies(app: &App, wanted: &str) -> Result<Vec<ComponentStrategy>, CommandError> {
    let mut installed: Vec<_> = app.providers.strategies().collect();
    // The plain copy takes everything, so that it comes last.
    installed.sort_by_key(|strategy| {
        let id = strategy.manifest.id.as_str();
        (id == "copy", id != "worktree", id.to_string())
    });
    let ids: Vec<String> = installed.iter().map(|s| s.manifest.id.clone()).collect();
    installed.retain(|strategy| wanted == "auto" || strategy.manifest.id == wanted);
    if installed.is_empty() {
        return Err(CommandError::usage(format!("there is no strategy {wanted}"))
            .hint(format!("there are auto, {}", ids.join(", "))));
    }
    let options = RuntimeOptions { cache_dir: app.environment.cache_dir() };
    let runtime = Runtime::new(&options).map_err(|error| {
        CommandError::failed("plugin", "strategies can't be started").because(&error)
    })?;
    let load = |strategy: &massgen_setup::providers::Installed| {
        strategy.require_trusted()?;
        let loaded = runtime.load_strategy(&strategy.component).map_err(|error| {
            let message = format!("the strategy {} can't be loaded", strategy.manifest.id);
            CommandError::failed("plugin", message).because(&error)
        })?;
        let settings = strategy.settings(&app.environment, &app.config);
        loaded.with_settings(&settings).map_err(|error| {
            let id = &strategy.manifest.id;
            CommandError::usage(error.to_string())
                .hint(format!("massgen plugin inspect {id} shows its settings"))
        })
    };
    installed.into_iter().map(load).collect()
}

/// The session that a user means.
pub(super) fn session(context: &Context, wanted: &str) -> Result<Session, CommandError> {
    find(&context.state, wanted).map_err(|error| {
        let usage = matches!(error, FindError::Unknown(_) | FindError::Ambiguous { .. });
        let failed = CommandError::failed("session", error.to_string()).because_source(&error);
        if usage {
            failed.hint("massgen isolate list --all shows the sessions there are")
        } else {
            failed
        }
    })
}

/// Writes a session's record.
pub(super) fn save(context: &Context, session: &Session) -> Result<(), CommandError> {
    session.save(&context.state.session(&session.id)).map_err(|error| {
        CommandError::failed("state", format!("session {} can't be written down", session.label()))
            .because(&error)
    })
}

/// The same, with everything that its changes are told from.
pub(super) fn opened(context: &Context, wanted: &str) -> Result<Opened, CommandError> {
    let session = session(context, wanted)?;
    Opened::open(context, session).map_err(|error| changes_error(&error))
}

/// Words for changes that can't be told.
pub(super) fn changes_error(error: &ChangesError) -> CommandError {
    let failed = |kind| CommandError::failed(kind, error.to_string()).because_source(error);
    match error {
        ChangesError::Discarded(id) => {
            failed("discarded").hint(format!("massgen isolate restore {id} brings it back"))
        }
        ChangesError::Unfinished(_) => {
            failed("broken").hint("massgen isolate doctor --repair cleans it up")
        }
        ChangesError::Replaced(_) => failed("replaced").hint(
            "look at what stands there; with the directory back in its place, everything works again",
        ),
        ChangesError::Baseline(_)
        | ChangesError::Record(_)
        | ChangesError::Scan(_)
        | ChangesError::Compare(_) => failed("changes"),
    }
}

/// A new id: ten letters and digits, so that nobody meets one twice.
pub(super) fn new_id() -> Result<String, CommandError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 10];
    getrandom::fill(&mut bytes).map_err(|error| {
        CommandError::new(Exit::Failed, "random", "no random numbers").because(&error)
    })?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect())
}
