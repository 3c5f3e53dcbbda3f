//! `massgen auth status|set|test|remove`

use std::io::{IsTerminal, Read, Write};
use std::time::Duration;

use clap::Subcommand;
use massgen_models::key;
use massgen_models::provider::Provider;
use massgen_runtime::Secret;
use serde_json::{Value, json};

use crate::app::App;
use massgen_setup::credentials::store::Kept;
use massgen_setup::credentials::{keyring, variables};
use massgen_setup::providers::Installed;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::table::{self, Align};

/// A longer text is no key.
const KEY_BYTES_MAX: u64 = 16 << 10;
const TEST_PATIENCE: Duration = Duration::from_secs(30);

/// Manage keys
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen auth status\n  massgen auth set groq            asks for the key\n  pass show groq | massgen auth set groq\n  massgen auth test groq\n  massgen auth remove groq\n\nA key is looked for in the environment and .env files, the system's keyring, credentials.toml, and what providers.ID.key_command of your configuration prints; the first that is found is used."
)]
pub(crate) struct AuthArgs {
    #[command(subcommand)]
    verb: AuthVerb,
}

#[derive(Debug, Subcommand)]
enum AuthVerb {
    /// Show the source of each provider's key
    #[command(after_help = "Examples:\n  massgen auth status\n  massgen auth status groq --json")]
    Status {
        /// Only this provider
        provider: Option<String>,
    },
    /// Store a key from stdin or a prompt in the system keyring
    #[command(
        after_help = "Examples:\n  massgen auth set groq            asks for the key\n  pass show groq | massgen auth set groq\n  massgen auth set groq --file"
    )]
    Set {
        /// Whose key it is
        provider: String,
        /// Store it in a file readable only by you instead of the keyring
        #[arg(long)]
        file: bool,
    },
    /// Check that the service accepts the key (free of charge)
    #[command(after_help = "Example:\n  massgen auth test groq")]
    Test {
        /// Whose key it is
        provider: String,
    },
    /// Delete a key stored by `auth set`
    #[command(after_help = "Example:\n  massgen auth remove groq")]
    Remove {
        /// Whose key it is
        provider: String,
    },
}

pub(crate) fn run(app: &App, args: &AuthArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        AuthVerb::Status { provider } => status(app, provider.as_deref()),
        AuthVerb::Set { provider, file } => set(app, app.providers.require(provider)?, *file),
        AuthVerb::Test { provider } => test(app, app.providers.require(provider)?),
        AuthVerb::Remove { provider } => remove(app, app.providers.require(provider)?),
    }
}

fn status(app: &App, only: Option<&str>) -> Result<Exit, CommandError> {
    let providers: Vec<&Installed> = match only {
        Some(word) => vec![app.providers.require(word)?],
        None => app.providers.all().collect(),
    };
    let source = |i: &Installed| i.key(&app.environment, &app.config).map(|found| found.source);
    if app.ui.manner.json {
        let row = |i: &&Installed| -> Value {
            let source = source(i);
            json!({
                "provider": i.manifest.id,
                "present": source.is_some(),
                "source": source,
                "optional": i.needs_no_key(),
                "variables": variables(&i.manifest, &app.config),
            })
        };
        let rows: Vec<Value> = providers.iter().map(row).collect();
        app.ui.json(&json!({"schema": "auth/1", "providers": rows}));
        return Ok(Exit::Done);
    }
    let row = |i: &&Installed| {
        let missing = if i.needs_no_key() { "not needed" } else { "-" };
        vec![
            i.manifest.id.clone(),
            source(i).unwrap_or_else(|| missing.into()),
            variables(&i.manifest, &app.config).join(" or "),
        ]
    };
    let columns = [("Provider", Align::Left), ("Key from", Align::Left), ("Variable", Align::Left)];
    let rows = providers.iter().map(row).collect();
    app.ui.answer(&table::render(&columns, rows, app.ui.width()));
    Ok(Exit::Done)
}

fn set(app: &App, installed: &Installed, file: bool) -> Result<Exit, CommandError> {
    let id = &installed.manifest.id;
    let key = read_key(app, &installed.manifest.name)?;
    let mut place = "the system's keyring".to_string();
    let mut kept = Kept::Keyring;
    let absent = if file { None } else { keyring::keep(id, &key).err() };
    if file || absent.is_some() {
        if let Some(why) = &absent {
            app.ui.warn(&format!("the key goes into a file: {why}"));
        }
        place = format!("{}, which only you can read", app.providers.store.path().display());
        kept = Kept::Key(key);
    }
    app.providers.store.change(id, Some(kept)).map_err(|error| {
        CommandError::failed("key-not-kept", format!("the key of {id} can't be kept"))
            .because(&error)
    })?;
    app.ui.status(&format!("The key of {id} is in {place}."));
    if let Some(other) = variables(&installed.manifest, &app.config)
        .into_iter()
        .find(|name| app.environment.var(name).is_some_and(|value| !key::is_placeholder(value)))
    {
        app.ui.warn(&format!("{other} is set, and the environment wins over a key that is kept"));
    }
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "auth-set/1", "provider": id, "kept_in": place}));
    }
    Ok(Exit::Done)
}

/// The key from stdin, or from a prompt that does not show it. Never from the command line, which other users
/// of the machine can read.
fn read_key(app: &App, name: &str) -> Result<Secret, CommandError> {
    let unreadable = |error: std::io::Error| {
        CommandError::failed("key-not-read", "the key can't be read").because(&error)
    };
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        let mut err = std::io::stderr();
        drop(write!(err, "Key of {name} (it is not shown): ").and_then(|()| err.flush()));
        let read = massgen_terminal::unseen::line(&mut text);
        drop(writeln!(err));
        read.map_err(unreadable)?;
    } else {
        std::io::stdin().take(KEY_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    }
    let key = text.trim();
    if key::is_placeholder(key) || key.contains(char::is_whitespace) {
        let found =
            if key.is_empty() { "nothing came" } else { "a placeholder or several words came" };
        return Err(CommandError::usage(format!("that is no key: {found}"))
            .hint("give the key alone, on one line, at the prompt or on stdin"));
    }
    app.ui.detail(&format!("{} characters read", key.chars().count()));
    Ok(Secret::new(key))
}

fn test(app: &App, installed: &Installed) -> Result<Exit, CommandError> {
    let id = &installed.manifest.id;
    let (endpoint, _) = installed.base_url(&app.environment, &app.config);
    let source = installed.key(&app.environment, &app.config).map(|found| found.source);
    let provider = installed.connect(&app.environment, &app.config, None)?;
    let listed = crate::commands::models::listing::block_on(async {
        tokio::time::timeout(TEST_PATIENCE, provider.list_models()).await
    })?;
    let from = source.clone().unwrap_or_else(|| "nowhere: none is needed".into());
    match listed {
        Ok(Ok(models)) => {
            let count = models.len();
            if app.ui.manner.json {
                app.ui.json(&json!({"schema": "auth-test/1", "provider": id, "ok": true, "source": source, "endpoint": endpoint, "models": count}));
            } else {
                app.ui.answer(&format!(
                    "{} accepted the key in {from} and lists {count} models at {endpoint}.",
                    installed.manifest.name
                ));
            }
            Ok(Exit::Done)
        }
        Ok(Err(failure)) => Err(crate::commands::logs::analyze::of_failure(
            app,
            &failure,
            &massgen_models::model_id::ModelId::new(id, ""),
            Exit::NoModel,
        )),
        Err(_) => Err(CommandError::new(
            Exit::NoModel,
            "unavailable",
            format!("{id} did not answer within {} seconds", TEST_PATIENCE.as_secs()),
        )
        .hint(format!("the service is expected at {endpoint}"))),
    }
}

fn remove(app: &App, installed: &Installed) -> Result<Exit, CommandError> {
    let id = &installed.manifest.id;
    let store = &app.providers.store;
    let Some(kept) = store.find(id) else {
        let hint = match installed.key(&app.environment, &app.config) {
            Some(found) => format!("its key comes from {}", found.source),
            None => "`massgen auth status` shows which keys there are".into(),
        };
        return Err(
            CommandError::failed("no-key-kept", format!("no key of {id} is kept")).hint(hint)
        );
    };
    if matches!(kept, Kept::Keyring)
        && let Err(error) = keyring::remove(id)
    {
        app.ui.warn(&format!("the keyring's own entry stays: {error}"));
    }
    store.change(id, None).map_err(|error| {
        CommandError::failed("key-not-removed", format!("the key of {id} can't be removed"))
            .because(&error)
    })?;
    app.ui.status(&format!("The key of {id} is forgotten."));
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "auth-remove/1", "provider": id}));
    }
    Ok(Exit::Done)
}
