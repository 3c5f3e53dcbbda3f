//! What every command is given: the terminal, the surroundings, the configuration and the providers.

use std::path::Path;

use massgen_models::model_id::ModelId;
use massgen_models::price::Pricing;

use massgen_setup::config::{Config, layers, price};
use massgen_setup::environment::Environment;
use massgen_setup::providers::Providers;
use massgen_terminal::CommandError;
use massgen_terminal::Ui;

/// The program, set up.
pub(crate) struct App {
    pub(crate) ui: Ui,
    pub(crate) environment: Environment,
    pub(crate) config: Config,
    pub(crate) providers: Providers,
}

impl App {
    /// What a model costs now: your own prices, else those of the data.
    pub(crate) fn pricing(&self, model: &ModelId) -> Pricing {
        let own = price::of(&self.config, model);
        Pricing::new(model.clone(), self.environment.now_unix_ms()).with_own(own)
    }

    /// Reads surroundings and configuration. On failure the terminal is handed back, to say so.
    pub(crate) fn new(ui: Ui, project: Option<&Path>) -> Result<Self, (Ui, CommandError)> {
        let environment = match Environment::from_process(project) {
            Ok(environment) => environment,
            Err(error) => {
                let dir = project
                    .map_or_else(|| "the current directory".into(), |d| d.display().to_string());
                let error =
                    CommandError::failed("project", format!("can't work in {dir}")).because(&error);
                return Err((ui, error));
            }
        };
        let config = layers::load(&environment);
        for warning in &config.warnings {
            ui.warn(warning);
        }
        match Providers::installed(&environment, &config) {
            Ok(providers) => {
                for warning in &providers.warnings {
                    ui.warn(warning);
                }
                Ok(Self { ui, environment, config, providers })
            }
            Err(error) => Err((ui, error)),
        }
    }
}
