//! `massgen plugin list`

use serde_json::{Value, json};

use crate::app::App;
use massgen_setup::providers::Installed;
use massgen_terminal::Exit;
use massgen_terminal::table::{self, Align};

/// A plugin as JSON.
pub(super) fn describe(installed: &Installed) -> Value {
    let manifest = &installed.manifest;
    let endpoints = manifest.endpoints.iter().map(|place| json!({"name": place.name, "base": place.base, "base_env": place.base_env, "methods": place.methods, "paths": place.paths}));
    json!({
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "kind": manifest.kind.as_str(),
        "source": installed.source,
        "hash": installed.hash(),
        "bytes": installed.component.len(),
        "endpoints": endpoints.collect::<Vec<_>>(),
        "credential": {"env": manifest.auth.env, "optional": manifest.auth.optional},
        "default_model": manifest.default_model,
        "aliases": manifest.aliases,
        "refused": installed.trouble,
    })
}

pub(super) fn run(app: &App) -> Exit {
    let plugins: Vec<Value> = app.providers.plugins().map(describe).collect();
    if app.ui.manner.json {
        app.ui.json(&json!({"schema": "plugins/1", "plugins": plugins}));
        return Exit::Done;
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
        let bases: Vec<&str> = manifest.endpoints.iter().map(|place| place.base.as_str()).collect();
        vec![
            manifest.id.clone(),
            manifest.version.clone(),
            manifest.kind.as_str().to_string(),
            if installed.trouble.is_some() { "refused".into() } else { installed.source.clone() },
            format!("{} KB", installed.component.len() / 1000),
            installed.hash().chars().take(12).collect(),
            if bases.is_empty() { "nowhere".into() } else { bases.join(", ") },
        ]
    });
    app.ui.answer(&table::render_narrowing(
        &columns,
        rows.collect(),
        app.ui.width(),
        &["Hash", "Size", "Source", "Kind"],
    ));
    for (installed, trouble) in
        app.providers.plugins().filter_map(|i| Some((i, i.trouble.as_ref()?)))
    {
        app.ui.warn(&format!("{} is refused: {trouble}", installed.manifest.id));
    }
    Exit::Done
}
