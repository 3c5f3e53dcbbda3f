//! `massgen models`

use std::collections::BTreeMap;

use massgen_models::catalog::{Catalog, ModelEntry, Status};
use massgen_models::model_id::ModelId;
use massgen_models::provider::ListedPrice;
use serde_json::{Value, json};

use super::listing::{self, Listing};
use crate::app::App;
use massgen_setup::providers::Installed;
use massgen_terminal::CommandError;
use massgen_terminal::Exit;
use massgen_terminal::table::{self, Align};
use massgen_terminal::{DIM, human};

/// List models
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only models of this provider
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Only models of providers with a key
    #[arg(long)]
    available: bool,
    /// Fetch the providers' current lists
    #[arg(long)]
    refresh: bool,
}

/// A row of the list.
struct Row {
    entry: ModelEntry,
    key: bool,
    /// The service lists it, as far as it was asked.
    listed: Option<bool>,
    /// The service's own price.
    price: Option<ListedPrice>,
    /// When the service was asked.
    asked: Option<String>,
}

pub(crate) fn run(app: &App, args: &ListArgs) -> Result<Exit, CommandError> {
    let providers: Vec<&Installed> = match &args.provider {
        Some(word) => vec![app.providers.require(word)?],
        None => app.providers.all().collect(),
    };
    let offered = |i: &&&Installed| !args.available || is_usable(app, i);
    let providers: Vec<&Installed> = providers.iter().filter(offered).copied().collect();
    let mut listings = BTreeMap::new();
    if args.refresh {
        let askable: Vec<&Installed> =
            providers.iter().filter(|i| is_usable(app, i)).copied().collect();
        for (id, answer) in listing::ask(app, &askable)? {
            match answer {
                Ok(listing) => drop(listings.insert(id, listing)),
                Err(error) => complain(app, &id, &error),
            }
        }
    }
    let mut rows = Vec::new();
    for installed in providers {
        let id = &installed.manifest.id;
        let fresh = listings.remove(id);
        let listing = fresh.or_else(|| listing::kept(app, installed));
        let key = installed.key(&app.environment, &app.config).is_some();
        rows.extend(rows_of(installed, key, listing));
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

/// There is a key; or none is needed, and the user said where the service is or asked it before.
fn is_usable(app: &App, installed: &Installed) -> bool {
    let (environment, config) = (&app.environment, &app.config);
    installed.key(environment, config).is_some()
        || (installed.needs_no_key()
            && (installed.is_moved(environment, config) || listing::kept(app, installed).is_some()))
}

fn complain(app: &App, id: &str, error: &CommandError) {
    let cause = error.causes.first().map(|cause| format!(" ({cause})")).unwrap_or_default();
    app.ui.warn(&format!("{id} gives no list: {}{cause}", error.message));
}

fn rows_of(installed: &Installed, key: bool, listing: Option<Listing>) -> Vec<Row> {
    let id = &installed.manifest.id;
    let mut rows: Vec<Row> = Catalog::embedded()
        .of_provider(id)
        .map(|entry| Row { entry: entry.clone(), key, listed: None, price: None, asked: None })
        .collect();
    // What an added plugin knows itself; the catalogue has never heard of it.
    for model in &installed.models {
        if rows.iter().all(|row| row.entry.id != model.id) {
            let entry = ModelEntry {
                provider: id.clone(),
                id: model.id.clone(),
                context_tokens: model.context_tokens,
                max_output_tokens: model.max_output_tokens,
                features: model.features.clone(),
                status: Status::Ga,
                shutdown: None,
            };
            rows.push(Row { entry, key, listed: None, price: None, asked: None });
        }
    }
    let Some(listing) = listing else { return rows };
    let asked = Some(listing.asked);
    for row in &mut rows {
        let own = listing.models.iter().find(|model| model.id == row.entry.id);
        row.listed = Some(own.is_some());
        row.asked = asked.clone();
        row.price = own.and_then(|model| model.price);
    }
    for model in listing.models {
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
            let (listed, asked, price) = (Some(true), asked.clone(), model.price);
            rows.push(Row { entry, key, listed, price, asked });
        }
    }
    rows
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
        "listed_at": row.asked,
    })
}

fn price(app: &App, entry: &ModelEntry) -> Option<massgen_models::price::Price> {
    app.pricing(&ModelId::new(&entry.provider, &entry.id)).price()
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
