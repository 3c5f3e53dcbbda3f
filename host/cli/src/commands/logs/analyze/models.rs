//! Which model explains the run, and why.

use massgen_models::catalog::Catalog;
use massgen_models::choice::{self, Choice, ChoiceError, Inputs, Origin};

use crate::app::App;
use crate::environment::vars;
use crate::error::CommandError;

/// Chooses a model from everything that may name one, strongest first, and says so.
pub(crate) fn choose(app: &App, flag: Option<&str>) -> Result<Choice, CommandError> {
    let choice = resolve(app, flag)?;
    if let Some(model) = &choice.model {
        app.ui.status(&format!("Model: {model} (from {}).", choice.origin));
    }
    for notice in &choice.notices {
        app.ui.warn(notice);
    }
    Ok(choice)
}

/// The same, without a word.
pub(crate) fn resolve(app: &App, flag: Option<&str>) -> Result<Choice, CommandError> {
    let candidates = candidates(app, flag);
    let aliases: Vec<(String, String)> = app
        .config
        .below("aliases")
        .map(|(name, target)| (name.to_string(), target.to_string()))
        .collect();
    let providers = app.providers.profiles(&app.environment, &app.config);
    let inputs = Inputs {
        candidates: &candidates,
        aliases: &aliases,
        providers: &providers,
        catalog: Catalog::embedded(),
    };
    choice::choose(&inputs).map_err(|error| {
        let words = CommandError::usage(error.to_string()).because_source(&error);
        match &error {
            ChoiceError::AliasCircle(_) => {
                words.hint("`massgen config show` tells where the aliases are set")
            }
            ChoiceError::Colon { fixed, .. } => words.hint(format!("--model {fixed}")),
            ChoiceError::Selector { .. }
            | ChoiceError::UnknownProvider { .. }
            | ChoiceError::UnknownModel { .. } => words.hint(
                "a model is named provider/model; `massgen models` lists those that are known",
            ),
        }
    })
}

/// Near names for a model that its service does not know.
pub(crate) fn near(app: &App, provider: &str, model: &str) -> Vec<String> {
    let providers = app.providers.profiles(&app.environment, &app.config);
    let inputs = Inputs {
        candidates: &[],
        aliases: &[],
        providers: &providers,
        catalog: Catalog::embedded(),
    };
    choice::near_models(&inputs, Some(provider), model)
}

fn candidates(app: &App, flag: Option<&str>) -> Vec<(Origin, String)> {
    let mut candidates = Vec::new();
    candidates.extend(flag.map(|text| (Origin::Flag, text.to_string())));
    for name in [vars::ANALYZE_MODEL, vars::MODEL] {
        candidates
            .extend(app.environment.var(name).map(|text| (Origin::Env(name), text.to_string())));
    }
    if let Some(value) = &app.config.project_model {
        candidates.push((Origin::ProjectConfig(value.origin.to_string()), value.text.clone()));
    }
    if let Some(value) = &app.config.user_model {
        candidates.push((Origin::UserConfig(value.origin.to_string()), value.text.clone()));
    }
    candidates
}
