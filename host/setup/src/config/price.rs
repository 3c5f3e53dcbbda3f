//! Prices of one's own. One that is not whole is not used, and that is said: half a price would count too little.

use std::collections::BTreeSet;

use massgen_models::model_id::ModelId;
use massgen_models::price::Price;

use super::layers::Config;

/// What a price must have, and what it may have besides.
const NEEDED: [&str; 2] = ["input_per_mtok", "output_per_mtok"];
const OPTIONAL: [&str; 2] = ["cache_read_per_mtok", "cache_write_per_mtok"];

/// The user's own price of a model, if it is whole.
pub fn of(config: &Config, model: &ModelId) -> Option<Price> {
    let part = |what: &str| config.number(&format!("models.{model}.{what}"));
    Some(Price {
        input_per_mtok: part(NEEDED[0])?,
        output_per_mtok: part(NEEDED[1])?,
        cache_read_per_mtok: part(OPTIONAL[0]),
        cache_write_per_mtok: part(OPTIONAL[1]),
    })
}

/// A line about each price that lacks a part.
pub(super) fn halves(config: &Config) -> Vec<String> {
    let parts = || NEEDED.into_iter().chain(OPTIONAL);
    let models: BTreeSet<String> =
        parts().flat_map(|part| config.names_with("models", part)).collect();
    let set = |model: &str, part: &str| config.text(&format!("models.{model}.{part}")).is_some();
    let told = |model: &String| {
        let has: Vec<&str> = parts().filter(|part| set(model, part)).collect();
        let lacks: Vec<&str> = NEEDED.into_iter().filter(|part| !set(model, part)).collect();
        let first = lacks.first()?;
        Some(format!(
            "your price of {model} is not used: it has {} and lacks {}; `massgen config set 'models.\"{model}\".{first}' USD` sets it",
            has.join(" and "),
            lacks.join(" and "),
        ))
    };
    models.iter().filter_map(told).collect()
}
