//! Which model explains the run, and why.

use massgen_models::catalog::Catalog;
use massgen_models::choice::{self, Choice, ChoiceError, Inputs, Origin};

use crate::app::App;
use massgen_setup::environment::vars;
use massgen_terminal::CommandError;

/// Chooses a model from everything that may name one, strongest first, and says so; step by step if asked.
pub(crate) fn choose(app: &App, flag: Option<&str>, explain: bool) -> Result<Choice, CommandError> {
    if explain {
        app.ui.status(&explained(app, flag));
    }
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

/// Who may name the model, what each says, and what decides where nobody does.
fn explained(app: &App, flag: Option<&str>) -> String {
    let said = candidates(app, flag);
    let files = ["analysis.model of the project", "analysis.model of yours"];
    let places = ["--model", vars::ANALYZE_MODEL, vars::MODEL].into_iter().chain(files);
    let says = |place: &str| {
        said.iter().position(|(origin, _)| match origin {
            Origin::ProjectConfig(_) => place == files[0],
            Origin::UserConfig(_) => place == files[1],
            origin => origin.to_string() == place,
        })
    };
    let mut lines = vec!["Who names the model, the strongest first:".to_string()];
    for (number, place) in places.enumerate() {
        let what = match says(place) {
            Some(0) => format!("{} (decides)", said[0].1),
            Some(at) => format!("{} (not asked)", said[at].1),
            None => "nothing".into(),
        };
        lines.push(format!("  {}. {place}: {what}", number + 1));
    }
    let profiles = app.providers.profiles(&app.environment, &app.config);
    let keys = profiles.iter().filter(|profile| profile.volunteers).map(|p| p.id.as_str());
    let keys: Vec<&str> = keys.collect();
    let keys = if keys.is_empty() { "none".to_string() } else { keys.join(", ") };
    let note = if said.is_empty() { " (decides)" } else { "" };
    lines.push(format!("  6. providers with a key of their own: {keys}{note}"));
    lines.push(format!(
        "Aliases and bare names are looked up in the catalogue of {}.",
        Catalog::embedded().as_of()
    ));
    lines.join("\n")
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
