//! What services list themselves: asked for with `--refresh`, kept with its date, shown from then on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use massgen_models::provider::{ListedModel, Provider};
use serde::{Deserialize, Serialize};

use crate::app::App;
use massgen_setup::providers::Installed;
use massgen_terminal::CommandError;

const PATIENCE: Duration = Duration::from_secs(30);

/// One provider's list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// When it was asked for, RFC 3339.
    pub(crate) asked: String,
    /// Where.
    pub(crate) endpoint: String,
    pub(crate) models: Vec<ListedModel>,
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        CommandError::failed("runtime", "the program can't wait for the network").because(&error)
    })?;
    Ok(runtime.block_on(future))
}

/// Asks the services, all at the same time.
pub(crate) fn ask(
    app: &App,
    providers: &[&Installed],
) -> Result<BTreeMap<String, Result<Listing, CommandError>>, CommandError> {
    let mut answers = BTreeMap::new();
    let mut connected = Vec::new();
    for installed in providers {
        let id = installed.manifest.id.clone();
        match installed.connect(&app.environment, &app.config, None) {
            Ok(provider) => {
                let endpoint = installed.base_url(&app.environment, &app.config).0;
                connected.push((id, endpoint, provider));
            }
            Err(error) => drop(answers.insert(id, Err(error))),
        }
    }
    let asked = crate::commands::logs::analyze::now(app);
    let one =
        async |(id, endpoint, provider): (String, String, massgen_runtime::ComponentProvider)| {
            let failed = |why: &(dyn std::error::Error + 'static)| {
                CommandError::failed("models", "the list can't be fetched").because(why)
            };
            let answer = match tokio::time::timeout(PATIENCE, provider.list_models()).await {
                Ok(Ok(models)) => Ok(Listing { asked: asked.clone(), endpoint, models }),
                Ok(Err(failure)) => Err(failed(&failure)),
                Err(elapsed) => Err(failed(&elapsed)),
            };
            (id, answer)
        };
    let all = futures_util::future::join_all(connected.into_iter().map(one));
    answers.extend(block_on(all)?);
    for (id, answer) in &answers {
        if let Ok(listing) = answer {
            keep(app, id, listing);
        }
    }
    Ok(answers)
}

/// The list that was kept, if its endpoint is still the one in use.
pub(crate) fn kept(app: &App, installed: &Installed) -> Option<Listing> {
    let text = std::fs::read_to_string(path(app, &installed.manifest.id)?).ok()?;
    let listing: Listing = serde_json::from_str(&text).ok()?;
    let endpoint = installed.base_url(&app.environment, &app.config).0;
    (listing.endpoint == endpoint).then_some(listing)
}

/// A list that can't be kept is asked for again next time.
fn keep(app: &App, id: &str, listing: &Listing) {
    let Some(path) = path(app, id) else { return };
    let dir = path.parent().map(PathBuf::from).unwrap_or_default();
    let text = serde_json::to_string(listing).unwrap_or_default();
    let written = std::fs::create_dir_all(&dir).map_err(|error| error.to_string()).and_then(|()| {
        massgen_analysis::write::replace(&path, &text).map_err(|error| error.to_string())
    });
    if let Err(why) = written {
        app.ui.detail(&format!("the list of {id} is not kept: {why}"));
    }
}

fn path(app: &App, id: &str) -> Option<PathBuf> {
    Some(app.environment.cache_dir()?.join("models").join(format!("{id}.json")))
}
