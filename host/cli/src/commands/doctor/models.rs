//! Keys, the model that would be taken, and the plugins.

use massgen_runtime::manifest::PluginKind;
use massgen_runtime::{Runtime, RuntimeOptions};

use super::check::Check;
use crate::app::App;
use crate::commands::logs::analyze::resolve;

/// Which services have a key. One is enough, and none is no fault: facts need no model.
pub(super) fn keys(app: &App) -> Vec<Check> {
    let found: Vec<String> = app
        .providers
        .all()
        .filter_map(|installed| {
            let key = installed.key(&app.environment, &app.config)?;
            Some(format!("{} ({})", installed.manifest.id, key.source))
        })
        .collect();
    let mut checks = if found.is_empty() {
        vec![Check::note(
            "keys",
            "no service has a usable key: reports come from measured facts alone",
            "set for example ANTHROPIC_API_KEY; `massgen models` names the services",
        )]
    } else {
        vec![Check::ok("keys", found.join(", "))]
    };
    checks.extend(app.environment.refused.iter().map(|refused| {
        Check::note(
            "keys",
            format!("{refused}, which a project's file may not"),
            "set it in your own environment if you trust the project",
        )
    }));
    checks
}

/// Which model `logs analyze` would take.
pub(super) fn model(app: &App) -> Vec<Check> {
    vec![match resolve(app, None) {
        Ok(choice) => match &choice.model {
            Some(model) => Check::ok("model", format!("{model} (from {})", choice.origin)),
            None => Check::ok("model", "none: facts and detected problems only"),
        },
        Err(error) => Check::bad(
            "model",
            error.message.clone(),
            error.hints.first().cloned().unwrap_or_else(|| "massgen config show".into()),
        ),
    }]
}

/// Whether every plugin can be loaded.
pub(super) fn plugins(app: &App) -> Vec<Check> {
    let options = RuntimeOptions { cache_dir: app.environment.cache_dir() };
    let runtime = match Runtime::new(&options) {
        Ok(runtime) => runtime,
        Err(error) => {
            return vec![Check::bad(
                "plugins",
                format!("components can't be run here: {error}"),
                "massgen needs a 64-bit processor that Cranelift supports",
            )];
        }
    };
    let mut checks = Vec::new();
    let mut good = 0;
    for installed in app.providers.plugins() {
        if let Some(trouble) = &installed.trouble {
            checks.push(Check::bad(
                "plugins",
                format!("{} is refused: {trouble}", installed.manifest.id),
                format!(
                    "massgen plugin add {} looks at it and pins it anew; massgen plugin remove {} takes it out",
                    installed.source, installed.manifest.id
                ),
            ));
            continue;
        }
        let loaded = match installed.manifest.kind {
            PluginKind::AnalyzerModel => runtime.load(&installed.component).map(drop),
            PluginKind::IsolationStrategy => runtime.load_strategy(&installed.component).map(drop),
        };
        match loaded {
            Ok(()) => good += 1,
            Err(error) => checks.push(Check::bad(
                "plugins",
                format!("{} can't be loaded: {error}", installed.manifest.id),
                format!("massgen plugin inspect {}", installed.manifest.id),
            )),
        }
    }
    checks.insert(0, Check::ok("plugins", format!("{good} load")));
    checks
}
