//! The installed providers: which there are, and which of them a word means.

mod configured;
mod installed;

use std::borrow::Cow;
use std::rc::Rc;

use massgen_bundle::PLUGINS;
use massgen_models::provider_profile::ProviderProfile;
use massgen_runtime::manifest::{Manifest, PluginKind};

use crate::config::Config;
use crate::credentials::store::Store;
use crate::environment::Environment;
use crate::plugins_lock;
use massgen_terminal::CommandError;

use installed::EMBEDDED;
pub use installed::Installed;

/// Every installed plugin, and every provider that they give.
#[derive(Debug)]
pub struct Providers {
    plugins: Vec<Installed>,
    providers: Vec<Installed>,
    /// Stored keys.
    pub store: Rc<Store>,
    /// Problems found while reading plugins.
    pub warnings: Vec<String>,
}

impl Providers {
    /// Reads the manifests of the plugins that the program carries and of those that the user added, and the
    /// services that the user's configuration adds. Starts nothing.
    pub fn installed(environment: &Environment, config: &Config) -> Result<Self, CommandError> {
        let store = Rc::new(Store::read(environment));
        let mut plugins = Vec::new();
        for plugin in PLUGINS {
            let manifest = Manifest::parse(plugin.manifest_toml).map_err(|error| {
                CommandError::failed(
                    "plugin",
                    format!("the plugin {} that this program carries is broken", plugin.id),
                )
                .because(&error)
            })?;
            let component = Cow::Borrowed(plugin.component);
            plugins.push(Installed::new(manifest, component, EMBEDDED.into(), store.clone()));
        }
        let trouble = with_added(&mut plugins, environment, &store);
        let of_models = || plugins.iter().filter(|i| i.manifest.kind == PluginKind::AnalyzerModel);
        let manifests: Vec<Manifest> = of_models().map(|i| i.manifest.clone()).collect();
        let (own, mut warnings) = configured::manifests(config, &manifests);
        let mut providers: Vec<Installed> = of_models()
            .flat_map(|plugin| {
                plugin.manifest.providers().into_iter().map(|manifest| plugin.with(manifest))
            })
            .filter(|provider| own.iter().all(|(_, own)| own.id != provider.manifest.id))
            .collect();
        for (plugin, manifest) in own {
            providers.extend(
                of_models().find(|i| i.manifest.id == plugin).map(|plugin| plugin.with(manifest)),
            );
        }
        providers.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id));
        // What the program carries comes first and keeps its name.
        providers.dedup_by(|later, first| later.manifest.id == first.manifest.id);
        warnings.extend(trouble.map(|why| format!("added plugins are left out: {why}")));
        warnings.extend(store.problem.clone());
        Ok(Self { plugins, providers, store, warnings })
    }

    /// Every plugin, of whatever kind.
    pub fn plugins(&self) -> impl Iterator<Item = &Installed> {
        self.plugins.iter()
    }

    /// Providers of models, by id.
    pub fn all(&self) -> impl Iterator<Item = &Installed> {
        self.providers.iter()
    }

    /// Ways to make a workspace.
    pub fn strategies(&self) -> impl Iterator<Item = &Installed> {
        self.plugins.iter().filter(|i| i.manifest.kind == PluginKind::IsolationStrategy)
    }

    /// Returns the provider with this id.
    pub fn find(&self, id: &str) -> Option<&Installed> {
        self.all().find(|installed| installed.manifest.id == id)
    }

    /// The provider that a user's word means, or an error with near names.
    pub fn require(&self, word: &str) -> Result<&Installed, CommandError> {
        let called = |i: &&Installed| {
            i.manifest.id == word || i.manifest.aliases.iter().any(|alias| alias == word)
        };
        self.all().find(called).ok_or_else(|| {
            let ids: Vec<&str> = self.all().map(|i| i.manifest.id.as_str()).collect();
            let near = massgen_models::suggest::nearest(word, ids.iter().copied(), 1);
            let hint = near.first().map_or_else(
                || format!("there are {}", ids.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            CommandError::usage(format!("there is no provider {word}")).hint(hint)
        })
    }

    /// What the choice of a model needs to know.
    pub fn profiles(&self, environment: &Environment, config: &Config) -> Vec<ProviderProfile> {
        let profile = |installed: &Installed| {
            let key = installed.key(environment, config);
            ProviderProfile {
                id: installed.manifest.id.clone(),
                name: installed.manifest.name.clone(),
                aliases: installed.manifest.aliases.clone(),
                default_model: installed.manifest.default_model.clone(),
                usable: installed.needs_no_key() || key.is_some(),
                volunteers: key.is_some_and(|key| !key.shared),
            }
        };
        self.all().map(profile).collect()
    }

    /// All keys that are known without asking, so that none of them leaves through a log, a transcript or a
    /// report.
    pub fn all_keys(&self, environment: &Environment, config: &Config) -> Vec<String> {
        let keys = self.all().filter_map(|installed| installed.key(environment, config));
        keys.flat_map(|key| key.secrets_at_hand()).collect()
    }
}

/// Takes in what the user added. One that is not what was added stays in the list and is refused when it is
/// used; a lock that can't be read is a warning, and the rest works.
fn with_added(
    plugins: &mut Vec<Installed>,
    environment: &Environment,
    store: &Rc<Store>,
) -> Option<String> {
    let added = plugins_lock::Store::new(&environment.state_dir()?);
    let lock = match added.read() {
        Ok(lock) => lock,
        Err(error) => {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            return Some(format!("{error}: {}", why.unwrap_or_default()));
        }
    };
    for pinned in lock.plugins {
        if plugins.iter().all(|known| known.manifest.id != pinned.id) {
            plugins.extend(Installed::added(&added, pinned, store.clone()));
        }
    }
    None
}
