//! `massgen models`

use std::time::Duration;

use massgen_models::catalog::{Catalog, ModelEntry, Status};
use massgen_models::model_id::ModelId;
use massgen_models::price::Pricing;
use massgen_models::provider::Provider;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::providers::Installed;
use crate::ui::table::{self, Align};
use crate::ui::{DIM, human};

/// List models
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only models of this provider
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Only models whose provider has a key
    #[arg(long)]
    available: bool,
    /// Ask the providers for their own lists
    #[arg(long)]
    refresh: bool,
}

/// A row of the list.
struct Row {
    entry: ModelEntry,
    key: bool,
    listed: Option<bool>,
}

pub(crate) fn run(app: &App, args: &ListArgs) -> Result<Exit, CommandError> {
    let wanted = |installed: &&Installed| {
        args.provider.as_deref().is_none_or(|id| {
            installed.manifest.id == id || installed.manifest.aliases.iter().any(|a| a == id)
        })
    };
    let providers: Vec<&Installed> = app.providers.all().filter(wanted).collect();
    if providers.is_empty() {
        let ids: Vec<&str> = app.providers.all().map(|i| i.manifest.id.as_str()).collect();
        let id = args.provider.as_deref().unwrap_or_default();
        let near = massgen_models::suggest::nearest(id, ids.iter().copied(), 1);
        let hint = near.first().map_or_else(
            || format!("there are {}", ids.join(", ")),
            |near| format!("did you mean {near}?"),
        );
        return Err(CommandError::usage(format!("there is no provider {id}")).hint(hint));
    }
    let mut rows = Vec::new();
    for installed in providers {
        let key = installed.key(&app.environment, &app.config).is_some();
        if args.available && !key {
            continue;
        }
        rows.extend(rows_of(app, installed, key, args.refresh));
    }
    if app.ui.manner.json {
        let models: Vec<Value> = rows.iter().map(|row| to_json(app, row)).collect();
        app.ui.json(
            &json!({"schema": "models/1", "as_of": Catalog::embedded().as_of(), "models": models}),
        );
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        app.ui.status("No provider has a usable key. `massgen models` without --available lists all models that are known.");
        return Ok(Exit::Done);
    }
    let width = app.ui.width();
    app.ui.answer(&format!(
        "{}\n{DIM}Limits as of {}; prices per million tokens today.{DIM:#}",
        table(app, &rows, width),
        Catalog::embedded().as_of()
    ));
    Ok(Exit::Done)
}

fn rows_of(app: &App, installed: &Installed, key: bool, refresh: bool) -> Vec<Row> {
    let id = &installed.manifest.id;
    let mut rows: Vec<Row> = Catalog::embedded()
        .of_provider(id)
        .map(|entry| Row { entry: entry.clone(), key, listed: None })
        .collect();
    if !refresh || !key {
        return rows;
    }
    match live(app, installed) {
        Err(error) => app.ui.warn(&format!(
            "{id} gives no list: {}{}",
            error.message,
            error.causes.first().map(|c| format!(" ({c})")).unwrap_or_default()
        )),
        Ok(listed) => {
            for row in &mut rows {
                row.listed = Some(listed.iter().any(|model| model.id == row.entry.id));
            }
            for model in listed {
                if rows.iter().all(|row| row.entry.id != model.id) {
                    let status = if model.deprecated { Status::Deprecated } else { Status::Ga };
                    let entry = ModelEntry {
                        provider: id.clone(),
                        id: model.id,
                        context_tokens: model.context_tokens,
                        max_output_tokens: model.max_output_tokens,
                        features: model.features,
                        status,
                        shutdown: None,
                    };
                    rows.push(Row { entry, key, listed: Some(true) });
                }
            }
        }
    }
    rows
}

fn live(
    app: &App,
    installed: &Installed,
) -> Result<Vec<massgen_models::provider::ListedModel>, CommandError> {
    let provider = installed.connect(&app.environment, &app.config, None)?;
    let failed = |error: &(dyn std::error::Error + 'static)| {
        CommandError::failed("models", "the list can't be fetched").because(error)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(&error))?;
    let listed = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), provider.list_models()).await
    });
    match listed {
        Ok(models) => models.map_err(|error| failed(&error)),
        Err(elapsed) => Err(failed(&elapsed)),
    }
}

fn to_json(app: &App, row: &Row) -> Value {
    let entry = &row.entry;
    json!({
        "provider": entry.provider,
        "model": entry.id,
        "context_tokens": entry.context_tokens,
        "max_output_tokens": entry.max_output_tokens,
        "features": entry.features,
        "status": entry.status,
        "shutdown": entry.shutdown,
        "price": price(app, entry),
        "key_present": row.key,
        "listed": row.listed,
    })
}

fn price(app: &App, entry: &ModelEntry) -> Option<massgen_models::price::Price> {
    Pricing::new(ModelId::new(&entry.provider, &entry.id), app.environment.now_unix_ms()).price()
}

fn table(app: &App, rows: &[Row], width: u16) -> String {
    let columns = [
        ("Model", Align::Left),
        ("Context", Align::Right),
        ("Output", Align::Right),
        ("In", Align::Right),
        ("Out", Align::Right),
        ("Status", Align::Left),
        ("Key", Align::Left),
        ("Can", Align::Left),
    ];
    let tokens = |n: Option<u64>| {
        n.map_or_else(
            || "?".into(),
            |n| {
                if n >= 1_000_000 {
                    format!("{:.2}M", n as f64 / 1e6)
                } else {
                    format!("{}k", n / 1000)
                }
            },
        )
    };
    let cells = rows.iter().map(|row| {
        let entry = &row.entry;
        let price = price(app, entry);
        let usd = |of: fn(&massgen_models::price::Price) -> f64| {
            price.as_ref().map_or_else(|| "unknown".into(), |price| human::dollars(of(price)))
        };
        let can: Vec<&str> = ["tools", "json-schema", "reasoning", "vision"]
            .into_iter()
            .filter(|feature| entry.has(feature))
            .collect();
        vec![
            format!("{}/{}", entry.provider, human::clean(&entry.id)),
            tokens(entry.context_tokens),
            tokens(entry.max_output_tokens),
            usd(|price| price.input_per_mtok),
            usd(|price| price.output_per_mtok),
            entry
                .shutdown
                .as_ref()
                .map_or_else(|| entry.status.as_str().to_string(), |day| format!("ends {day}")),
            if row.key { "yes" } else { "-" }.to_string(),
            can.join(" "),
        ]
    });
    table::render_narrowing(&columns, cells.collect(), width, &["Can", "Key", "Output", "Status"])
}
