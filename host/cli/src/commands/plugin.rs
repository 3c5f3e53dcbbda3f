//! `massgen plugin list|inspect`

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::providers::Installed;
use crate::ui::table::{self, Align};
use crate::ui::{BOLD, human};

/// List and inspect plugins
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  massgen plugin list\n  massgen plugin inspect openai --json")]
pub(crate) struct PluginArgs {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// List the plugins that are installed
    List,
    /// Show what a plugin may do
    Inspect {
        /// Id of a plugin
        id: String,
    },
}

pub(crate) fn run(app: &App, args: &PluginArgs) -> Result<Exit, CommandError> {
    match &args.verb {
        PluginVerb::List => list(app),
        PluginVerb::Inspect { id } => {
            let found = app
                .providers
                .plugins()
                .find(|i| i.manifest.id == *id || i.manifest.aliases.contains(id));
            let installed = found.ok_or_else(|| {
                let ids: Vec<&str> =
                    app.providers.plugins().map(|i| i.manifest.id.as_str()).collect();
                CommandError::failed("plugin-unknown", format!("there is no plugin {id}"))
                    .hint(format!("there are {}", ids.join(", ")))
            })?;
            inspect(app, installed);
        }
    }
    Ok(Exit::Done)
}

fn describe(installed: &Installed) -> Value {
    let manifest = &installed.manifest;
    let endpoints = manifest.endpoints.iter().map(|place| json!({"name": place.name, "base": place.base, "base_env": place.base_env, "methods": place.methods, "paths": place.paths}));
    json!({
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "kind": manifest.kind.as_str(),
        "source": "embedded",
        "hash": massgen_runtime::component_hash(installed.component),
        "bytes": installed.component.len(),
        "endpoints": endpoints.collect::<Vec<_>>(),
        "credential": {"env": manifest.auth.env, "optional": manifest.auth.optional},
        "default_model": manifest.default_model,
        "aliases": manifest.aliases,
    })
}

fn list(app: &App) {
    let plugins: Vec<Value> = app.providers.plugins().map(describe).collect();
    if app.ui.manner.json {
        return app.ui.json(&json!({"schema": "plugins/1", "plugins": plugins}));
    }
    let columns = [
        ("Plugin", Align::Left),
        ("Version", Align::Left),
        ("Kind", Align::Left),
        ("Source", Align::Left),
        ("Size", Align::Right),
        ("Hash", Align::Left),
        ("Sends to", Align::Left),
    ];
    let rows = app.providers.plugins().map(|installed| {
        let manifest = &installed.manifest;
        let hash = massgen_runtime::component_hash(installed.component);
        let bases: Vec<&str> = manifest.endpoints.iter().map(|place| place.base.as_str()).collect();
        vec![
            manifest.id.clone(),
            manifest.version.clone(),
            manifest.kind.as_str().to_string(),
            "embedded".into(),
            format!("{} KB", installed.component.len() / 1000),
            hash.chars().take(12).collect(),
            bases.join(", "),
        ]
    });
    app.ui.answer(&table::render_narrowing(
        &columns,
        rows.collect(),
        app.ui.width(),
        &["Hash", "Size", "Source", "Kind"],
    ));
}

fn inspect(app: &App, installed: &Installed) {
    if app.ui.manner.json {
        let mut document = describe(installed);
        document["schema"] = "plugin/1".into();
        return app.ui.json(&document);
    }
    let manifest = &installed.manifest;
    let mut text = format!(
        "{BOLD}{} {}{BOLD:#} ({}, {} bytes, blake3 {})\n",
        manifest.id,
        manifest.version,
        manifest.kind.as_str(),
        human::count(installed.component.len() as u64),
        massgen_runtime::component_hash(installed.component)
    );
    for place in &manifest.endpoints {
        text.push_str(&format!("  sends to     {} ({})\n", place.base, place.methods.join(", ")));
        for path in &place.paths {
            text.push_str(&format!("               {path}\n"));
        }
    }
    let name = manifest.auth.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    text.push_str(&format!(
        "  credential   {} → {:?}{name} (the plugin never sees it)\n",
        manifest.auth.env.join(" or "),
        manifest.auth.scheme
    ));
    for (name, setting) in &manifest.settings {
        text.push_str(&format!(
            "  setting      {name} = {} {}\n",
            setting.default,
            setting.values.join(" | ")
        ));
    }
    text.push_str("  imports      nothing but diagnostics");
    app.ui.answer(&text);
}
