//! `massgen plugin inspect FILE|ID`

use std::time::Instant;

use massgen_runtime::manifest::PluginKind;
use massgen_runtime::{LoadPluginError, Runtime, surface};
use serde_json::{Value, json};

use super::subject;
use crate::app::App;
use massgen_setup::plugins_lock::authority;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::{BOLD, human};

/// Show a plugin
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen plugin inspect openai\n  massgen plugin inspect ./acme.wasm --json"
)]
pub(crate) struct InspectArgs {
    /// Component, source directory or plugin id
    #[arg(value_name = "FILE|ID")]
    plugin: String,
}

/// How long loading takes, in milliseconds.
struct Cost {
    cold: f64,
    warm: f64,
}

pub(super) fn run(app: &App, args: &InspectArgs) -> Result<Exit, CommandError> {
    let subject = subject::find(app, &args.plugin)?;
    let bytes = &subject.component;
    let manifest = subject::manifest(&subject.shown, bytes)?;
    let surface = surface(bytes).map_err(|error| {
        CommandError::failed("plugin", format!("{} is no component", subject.shown)).because(&error)
    })?;
    let loaded = measure(app, bytes, manifest.kind)?;
    let (cost, models, refused) = match loaded {
        Ok((cost, models)) => (Some(cost), models, None),
        Err(error) => (None, Vec::new(), Some(error)),
    };
    let hash = massgen_runtime::component_hash(bytes);
    let known = app.providers.plugins().find(|i| i.hash() == hash);
    if app.ui.manner.json {
        let endpoints: Vec<Value> = manifest.endpoints.iter().map(|place| json!({"name": place.name, "base": place.base, "base_env": place.base_env, "methods": place.methods, "paths": place.paths})).collect();
        app.ui.json(&json!({
            "schema": "plugin/1",
            "id": manifest.id,
            "name": manifest.name,
            "version": manifest.version,
            "kind": manifest.kind.as_str(),
            "source": known.map_or("file", |i| i.source.as_str()),
            "hash": hash,
            "bytes": bytes.len(),
            "exports": surface.exports,
            "imports": surface.imports,
            "authority": authority(&manifest),
            "endpoints": endpoints,
            "credential": {"env": manifest.auth.env, "optional": manifest.auth.optional},
            "default_model": manifest.default_model,
            "aliases": manifest.aliases,
            "models": models,
            "cold_compile_ms": cost.as_ref().map(|cost| cost.cold),
            "warm_load_ms": cost.as_ref().map(|cost| cost.warm),
            "refused": refused.as_ref().map(ToString::to_string),
        }));
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "{BOLD}{}{BOLD:#} ({}, {} bytes, blake3 {hash})\n",
        manifest.label(),
        manifest.kind.as_str(),
        human::count(bytes.len() as u64),
    );
    let list = |names: &[String]| if names.is_empty() { "none".into() } else { names.join(", ") };
    text.push_str(&format!("  exports      {}\n", list(&surface.exports)));
    text.push_str(&format!("  imports      {}\n", list(&surface.imports)));
    for line in authority(&manifest) {
        text.push_str(&format!("  may          {}\n", human::clean(&line)));
    }
    for (name, setting) in &manifest.settings {
        let setting = format!("{name} = {} {}", setting.default, setting.values.join(" | "));
        text.push_str(&format!("  setting      {}\n", human::clean(setting.trim_end())));
    }
    if manifest.kind == PluginKind::AnalyzerModel {
        text.push_str(&format!("  models       {}\n", human::clean(&list(&models))));
    }
    if let Some(cost) = cost {
        text.push_str(&format!(
            "  cost         compiled in {:.1} ms once, loaded in {:.2} ms after that\n",
            cost.cold, cost.warm
        ));
    }
    app.ui.answer(&app.ui.fit(text.trim_end(), 15));
    match refused {
        None => Ok(Exit::Done),
        Some(error) => {
            Err(CommandError::failed("plugin", format!("{} can't be used", manifest.label()))
                .because(&error))
        }
    }
}

type Measured = Result<(Cost, Vec<String>), LoadPluginError>;

/// Loads from the cache that are measured; the fastest is the one that nothing else disturbed.
const WARM_LOADS: usize = 9;

/// Loads it compiled afresh, and from the cache. Every time it says who it is.
fn measure(app: &App, bytes: &[u8], kind: PluginKind) -> Result<Measured, CommandError> {
    let load = |runtime: &Runtime| -> Result<(f64, Vec<String>), LoadPluginError> {
        let started = Instant::now();
        let mut models = Vec::new();
        match kind {
            PluginKind::AnalyzerModel => {
                let plugin = runtime.load(bytes)?;
                let took = started.elapsed().as_secs_f64() * 1e3;
                models.extend(plugin.models().unwrap_or_default().into_iter().map(|m| m.id));
                return Ok((took, models));
            }
            PluginKind::IsolationStrategy => drop(runtime.load_strategy(bytes)?),
        }
        Ok((started.elapsed().as_secs_f64() * 1e3, models))
    };
    let (cold, models) = match load(&subject::runtime(app, false)?) {
        Ok(loaded) => loaded,
        Err(error) => return Ok(Err(error)),
    };
    // Once to fill the cache, once to measure.
    let (filling, measuring) = (subject::runtime(app, true)?, subject::runtime(app, true)?);
    let warm = load(&filling).and_then(|_| {
        (0..WARM_LOADS).try_fold(f64::INFINITY, |fastest, _| {
            load(&measuring).map(|(took, _)| fastest.min(took))
        })
    });
    Ok(warm.map(|warm| (Cost { cold, warm }, models)))
}
