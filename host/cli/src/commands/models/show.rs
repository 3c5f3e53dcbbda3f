//! `massgen models show SELECTOR`

use massgen_models::catalog::Catalog;
use serde_json::json;

use crate::app::App;
use crate::commands::logs::analyze::resolve;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::human;

/// Show a model
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  massgen models show openai/gpt-6-luna\n  massgen models show claude-sonnet-4-20250514 --json\n  massgen models show"
)]
pub(crate) struct ShowArgs {
    /// provider/model, a bare name or an alias [default: what an analysis would take]
    selector: Option<String>,
}

pub(crate) fn run(app: &App, args: &ShowArgs) -> Result<Exit, CommandError> {
    let choice = resolve(app, args.selector.as_deref())?;
    let origin = if args.selector.is_some() {
        "the command line".to_string()
    } else {
        choice.origin.to_string()
    };
    for notice in &choice.notices {
        app.ui.warn(notice);
    }
    let Some(model) = &choice.model else {
        if app.ui.manner.json {
            app.ui.json(&json!({"schema": "model/1", "provider": null, "model": null, "selector": choice.selector, "origin": origin, "known": false}));
        } else {
            app.ui.answer(&format!("No model ({origin}): reports come from the facts alone."));
        }
        return Ok(Exit::Done);
    };
    let entry = Catalog::embedded().find(&model.provider, &model.model);
    let price = app.pricing(model).price();
    let installed = app.providers.find(&model.provider);
    let key = installed.and_then(|installed| installed.key(&app.environment, &app.config));
    let (endpoint, endpoint_from) = installed
        .map(|installed| installed.base_url(&app.environment, &app.config))
        .unwrap_or_default();
    if app.ui.manner.json {
        app.ui.json(&json!({
            "schema": "model/1",
            "provider": model.provider,
            "model": model.model,
            "selector": choice.selector,
            "origin": origin,
            "known": choice.known,
            "context_tokens": entry.and_then(|entry| entry.context_tokens),
            "max_output_tokens": entry.and_then(|entry| entry.max_output_tokens),
            "features": entry.map(|entry| entry.features.clone()).unwrap_or_default(),
            "status": entry.map(|entry| entry.status),
            "shutdown": entry.and_then(|entry| entry.shutdown.clone()),
            "price": price,
            "key": {"present": key.is_some(), "source": key.as_ref().map(|key| key.source.clone())},
            "endpoint": endpoint,
            "endpoint_source": endpoint_from,
            "catalog_as_of": Catalog::embedded().as_of(),
        }));
        return Ok(Exit::Done);
    }
    let tokens = |n: Option<u64>| {
        n.map_or_else(|| "unknown".into(), |n| format!("{} tokens", human::count(n)))
    };
    let price = price.map_or_else(
        || "unknown".to_string(),
        |price| {
            let cache = |what: &str, usd: Option<f64>| {
                usd.map_or_else(String::new, |usd| format!(", {} {what}", human::dollars(usd)))
            };
            format!(
                "{} in, {} out{}{} per million tokens",
                human::dollars(price.input_per_mtok),
                human::dollars(price.output_per_mtok),
                cache("read from the cache", price.cache_read_per_mtok),
                cache("written to it", price.cache_write_per_mtok),
            )
        },
    );
    let missing =
        || installed.map(|i| i.key_variables(&app.config).join(" or ")).unwrap_or_default();
    let text = format!(
        "{model}\n  chosen by   {origin}\n  catalogue   {}\n  context     {}\n  output      {}\n  can         {}\n  price       {price}\n  key         {}\n  endpoint    {endpoint} (from {endpoint_from})",
        entry.map_or_else(
            || "unknown: passed through as it is".to_string(),
            |entry| format!("{}, as of {}", entry.status.as_str(), Catalog::embedded().as_of())
        ),
        tokens(entry.and_then(|entry| entry.context_tokens)),
        tokens(entry.and_then(|entry| entry.max_output_tokens)),
        entry.map_or_else(|| "unknown".into(), |entry| entry.features.join(", ")),
        key.map_or_else(
            || format!("none: set {}", missing()),
            |key| format!("from {}", key.source)
        ),
    );
    app.ui.answer(&app.ui.fit(&text, 14));
    Ok(Exit::Done)
}
