//! `massgen plugin add|update|remove`: what a plugin may do is shown before it may; what was allowed is pinned
//! to the component's bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use massgen_runtime::component_hash;
use massgen_runtime::manifest::{Manifest, PluginKind};
use serde_json::json;

use super::subject;
use crate::app::App;
use massgen_setup::plugins_lock::{LockError, Pinned, Store, authority, widened};
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BOLD, human};

/// Take in a plugin
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin add acme.wasm\n  massgen plugin add acme.wasm --yes --json"
)]
pub(crate) struct AddArgs {
    /// Component file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Grant the permissions without asking
    #[arg(long, short)]
    yes: bool,
}

/// Take in a newer version
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin update acme\n  massgen plugin update acme new/acme.wasm"
)]
pub(crate) struct UpdateArgs {
    /// The plugin's id
    id: String,
    /// Component file [default: the file it was added from]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Grant the permissions without asking
    #[arg(long, short)]
    yes: bool,
}

/// Take a plugin out
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  massgen plugin remove acme")]
pub(crate) struct RemoveArgs {
    /// The plugin's id
    id: String,
}

pub(super) fn add(app: &App, args: &AddArgs) -> Result<Exit, CommandError> {
    take_in(app, &app.environment.path(&args.file), None, args.yes)
}

pub(super) fn update(app: &App, args: &UpdateArgs) -> Result<Exit, CommandError> {
    let lock = store(app)?.read().map_err(|error| lock_error(&error))?;
    let known = lock.plugins.iter().find(|known| known.id == args.id);
    let known = known.ok_or_else(|| not_added(&args.id))?;
    let file = match &args.file {
        Some(file) => app.environment.path(file),
        None => PathBuf::from(&known.source),
    };
    take_in(app, &file, Some(&args.id), args.yes)
}

pub(super) fn remove(app: &App, args: &RemoveArgs) -> Result<Exit, CommandError> {
    if app.providers.plugins().any(|i| i.manifest.id == args.id && i.is_embedded()) {
        let message = format!("{} is part of this program and can't be taken out", args.id);
        return Err(CommandError::failed("plugin-embedded", message));
    }
    if !store(app)?.remove(&args.id).map_err(|error| lock_error(&error))? {
        return Err(not_added(&args.id));
    }
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "plugin-remove/1", "id": args.id}));
    } else {
        app.ui.status(&format!("{} is out.", args.id));
    }
    Ok(Exit::Done)
}

fn store(app: &App) -> Result<Store, CommandError> {
    let dir = app.environment.state_dir().ok_or_else(|| {
        CommandError::failed("state", "there is no place to keep plugins: HOME is not set")
            .hint("set MASSGEN_STATE_DIR to a directory of yours")
    })?;
    Ok(Store::new(&dir))
}

fn lock_error(error: &LockError) -> CommandError {
    CommandError::failed("lock", "plugins.lock can't be read or written").because(error)
}

fn not_added(id: &str) -> CommandError {
    CommandError::failed("plugin-unknown", format!("no plugin {id} was added"))
        .hint("`massgen plugin list` shows what there is")
}

fn take_in(app: &App, path: &Path, wanted: Option<&str>, yes: bool) -> Result<Exit, CommandError> {
    let bytes = subject::read(path)?;
    let shown = path.display().to_string();
    let manifest = subject::manifest(&shown, &bytes)?;
    if let Some(wanted) = wanted.filter(|wanted| *wanted != manifest.id) {
        let message = format!("{shown} is {}, not {wanted}", manifest.id);
        return Err(CommandError::failed("plugin-other", message));
    }
    refuse_taken_names(app, &manifest)?;
    let models = load(app, &manifest, &bytes)?;
    let store = store(app)?;
    let lock = store.read().map_err(|error| lock_error(&error))?;
    let old = lock.plugins.iter().find(|known| known.id == manifest.id);
    let may = authority(&manifest);
    let hash = component_hash(&bytes);
    let new = old.map_or_else(|| may.clone(), |old| widened(&old.authority, &may));
    show(app, &manifest, &bytes, &hash, &may, old, &new);
    let asks = old.is_none() || !new.is_empty();
    if asks && !yes && !app.ui.confirm(if old.is_some() { "Allow this?" } else { "Add it?" }) {
        let message = format!("{} was not added: permissions were not granted", manifest.id);
        return Err(CommandError::new(Exit::Refused, "not-allowed", message)
            .hint(format!("massgen plugin add {shown} --yes allows it"))
            .with_detail(json!({"authority": may, "new_authority": new})));
    }
    let changed = old.is_none_or(|old| old.blake3 != hash);
    let pinned = Pinned {
        id: manifest.id.clone(),
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        kind: manifest.kind.as_str().into(),
        file: String::new(),
        bytes: bytes.len() as u64,
        blake3: hash.clone(),
        source: std::path::absolute(path).unwrap_or_else(|_| path.into()).display().to_string(),
        authority: may.clone(),
        models,
    };
    store.pin(pinned, &bytes).map_err(|error| lock_error(&error))?;
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "plugin-add/1", "id": manifest.id, "version": manifest.version,
            "kind": manifest.kind.as_str(), "hash": hash, "bytes": bytes.len(), "authority": may,
            "new_authority": new, "changed": changed, "lock": store.lock_path(),
        }));
    } else {
        let what = if changed { "is pinned" } else { "was there already" };
        app.ui.status(&format!("{} {what} ({}).", manifest.label(), &hash[..12]));
    }
    Ok(Exit::Done)
}

/// A plugin that answers to the name of another would get what was meant for that one.
fn refuse_taken_names(app: &App, manifest: &Manifest) -> Result<(), CommandError> {
    let others =
        app.providers.plugins().filter(|i| i.is_embedded() || i.manifest.id != manifest.id);
    for other in others {
        let theirs = names(&other.manifest);
        if let Some(name) = names(manifest).iter().find(|name| theirs.contains(name)) {
            let message = format!("the name {name} belongs to {} already", other.manifest.label());
            return Err(CommandError::new(Exit::Refused, "name-taken", message)
                .hint("give the plugin another id in plugin.toml"));
        }
    }
    Ok(())
}

/// Every name that it answers to, its services' among them.
fn names(manifest: &Manifest) -> Vec<String> {
    let all = std::iter::once(manifest.clone()).chain(manifest.providers());
    all.flat_map(|own| std::iter::once(own.id).chain(own.aliases)).collect()
}

fn load(
    app: &App,
    manifest: &Manifest,
    bytes: &[u8],
) -> Result<Vec<massgen_setup::plugins_lock::PinnedModel>, CommandError> {
    let runtime = subject::runtime(app, true)?;
    let refused = |error: &(dyn std::error::Error + 'static)| {
        CommandError::failed("plugin", format!("{} is refused", manifest.label()))
            .because(error)
            .hint("`massgen plugin check FILE` names the rule")
    };
    match manifest.kind {
        PluginKind::IsolationStrategy => {
            runtime.load_strategy(bytes).map_err(|error| refused(&error))?;
            Ok(Vec::new())
        }
        PluginKind::AnalyzerModel => {
            let plugin = runtime.load(bytes).map_err(|error| refused(&error))?;
            Ok(plugin.models().unwrap_or_default().into_iter().map(Into::into).collect())
        }
    }
}

fn show(
    app: &App,
    manifest: &Manifest,
    bytes: &[u8],
    hash: &str,
    may: &[String],
    old: Option<&Pinned>,
    new: &[String],
) {
    let mut text = format!(
        "{BOLD}{}{BOLD:#} ({}, {} KB, blake3 {})",
        manifest.label(),
        manifest.kind.as_str(),
        bytes.len() / 1000,
        &hash[..12]
    );
    for line in may {
        let mark = if old.is_some() && new.contains(line) { "new: " } else { "" };
        text.push_str(&format!("\n  {mark}{}", human::clean(line)));
    }
    let providers = manifest.providers();
    let variables = |own: &Manifest| -> BTreeSet<String> {
        own.auth.ways().flat_map(|way| way.env.iter().cloned()).collect()
    };
    let keys: BTreeSet<String> = providers.iter().flat_map(variables).collect();
    for env in &keys {
        let owner = app.providers.all().find(|i| {
            i.is_embedded() && i.manifest.id != manifest.id && variables(&i.manifest).contains(env)
        });
        if let Some(owner) = owner {
            text.push_str(&format!("\n  note: {env} is the key of {}", owner.manifest.name));
        }
    }
    if let Some(old) = old {
        let change = match (old.blake3 == hash, new.is_empty()) {
            (true, _) => "the same bytes as before",
            (false, true) => "other code than before, and it may do nothing new",
            (false, false) => "other code than before, and it may do more",
        };
        text.push_str(&format!("\n  {change} ({} was here)", old.version));
    }
    app.ui.status(&text);
}
