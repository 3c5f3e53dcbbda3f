//! The installed providers: which there are, whether there is a key, and how to reach them.

use massgen_bundle::{BundledPlugin, PLUGINS};
use massgen_models::key;
use massgen_models::provider::Provider;
use massgen_models::provider_profile::ProviderProfile;
use massgen_runtime::manifest::{Kind, Manifest, Scheme};
use massgen_runtime::{
    ComponentProvider, ConnectError, Connection, HttpOptions, LogSink, Runtime, RuntimeOptions,
    Secret,
};

use crate::config::Config;
use crate::environment::{Environment, VarSource};
use crate::error::CommandError;
use crate::exit::Exit;

/// Every installed provider, by id.
#[derive(Debug)]
pub(crate) struct Providers(Vec<Installed>);

/// One installed provider.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) manifest: Manifest,
    pub(crate) component: &'static [u8],
}

/// A key that was found.
#[derive(Debug)]
pub(crate) struct FoundKey {
    pub(crate) secret: Secret,
    /// Where, in words; never the key.
    pub(crate) source: String,
}

impl Providers {
    /// Reads the manifests of the plugins that the program carries. Starts nothing.
    pub(crate) fn installed() -> Result<Self, CommandError> {
        let read = |plugin: &BundledPlugin| {
            let manifest = Manifest::parse(plugin.manifest_toml).map_err(|error| {
                CommandError::failed(
                    "plugin",
                    format!("the plugin {} that this program carries is broken", plugin.id),
                )
                .because(&error)
            })?;
            Ok(Installed { manifest, component: plugin.component })
        };
        Ok(Self(PLUGINS.iter().map(read).collect::<Result<_, CommandError>>()?))
    }

    /// Every plugin, of whatever kind.
    pub(crate) fn plugins(&self) -> impl Iterator<Item = &Installed> {
        self.0.iter()
    }

    /// Providers of models.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Installed> {
        self.0.iter().filter(|installed| installed.manifest.kind == Kind::AnalyzerModel)
    }

    /// Ways to make a workspace.
    pub(crate) fn strategies(&self) -> impl Iterator<Item = &Installed> {
        self.0.iter().filter(|installed| installed.manifest.kind == Kind::IsolationStrategy)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Installed> {
        self.all().find(|installed| installed.manifest.id == id)
    }

    /// What the choice of a model needs to know.
    pub(crate) fn profiles(
        &self,
        environment: &Environment,
        config: &Config,
    ) -> Vec<ProviderProfile> {
        let profile = |installed: &Installed| ProviderProfile {
            id: installed.manifest.id.clone(),
            name: installed.manifest.name.clone(),
            aliases: installed.manifest.aliases.clone(),
            default_model: installed.manifest.default_model.clone(),
            usable: installed.needs_no_key() || installed.key(environment, config).is_some(),
        };
        self.all().map(profile).collect()
    }

    /// All keys there are, so that none of them leaves through a log, a transcript or a report.
    pub(crate) fn all_keys(&self, environment: &Environment, config: &Config) -> Vec<String> {
        self.all()
            .filter_map(|installed| {
                Some(installed.key(environment, config)?.secret.expose().to_string())
            })
            .collect()
    }
}

impl Installed {
    fn needs_no_key(&self) -> bool {
        self.manifest.auth.scheme == Scheme::None || self.manifest.auth.optional
    }

    /// Names of the variables that may hold the key, the strongest first.
    pub(crate) fn key_variables<'a>(&'a self, config: &'a Config) -> Vec<&'a str> {
        let own = config.text(&format!("providers.{}.api_key_env", self.manifest.id));
        own.into_iter().chain(self.manifest.auth.env.iter().map(String::as_str)).collect()
    }

    /// The first key that is set and is no placeholder.
    pub(crate) fn key(&self, environment: &Environment, config: &Config) -> Option<FoundKey> {
        self.key_variables(config).into_iter().find_map(|name| {
            let (value, source) = environment.var_with_source(name)?;
            if key::is_placeholder(value) {
                return None;
            }
            let source = match source {
                VarSource::Process => name.to_string(),
                VarSource::UserFile(path) | VarSource::ProjectFile(path) => {
                    format!("{name} in {}", path.display())
                }
            };
            Some(FoundKey { secret: Secret::new(value.trim()), source })
        })
    }

    /// Where the service is, and who says so. A file of the project has no say.
    pub(crate) fn base_url(&self, environment: &Environment, config: &Config) -> (String, String) {
        let place = self.manifest.endpoints.first();
        let variable = place.and_then(|place| place.base_env.as_deref());
        if let Some(name) = variable
            && let Some((url, source)) = environment.var_with_source(name)
            && !matches!(source, VarSource::ProjectFile(_))
        {
            return (url.trim().to_string(), name.to_string());
        }
        let key = format!("providers.{}.base_url", self.manifest.id);
        if let Some(url) = config.text(&key) {
            return (url.to_string(), format!("{key} in your configuration"));
        }
        (place.map(|place| place.base.clone()).unwrap_or_default(), "the plugin's manifest".into())
    }

    /// Settings that differ from the manifest's defaults.
    fn settings(&self, environment: &Environment, config: &Config) -> Vec<(String, String)> {
        let value = |(name, setting): (&String, &massgen_runtime::manifest::Setting)| {
            let from_env = setting
                .env
                .as_deref()
                .and_then(|variable| environment.var(variable))
                .map(String::from);
            let from_config = || {
                config
                    .text(&format!("providers.{}.settings.{name}", self.manifest.id))
                    .map(String::from)
            };
            Some((name.clone(), from_env.or_else(from_config)?))
        };
        self.manifest.settings.iter().filter_map(value).collect()
    }

    /// Loads the plugin and connects it to its service.
    pub(crate) fn connect(
        &self,
        environment: &Environment,
        config: &Config,
        log: Option<LogSink>,
    ) -> Result<ComponentProvider, CommandError> {
        let id = &self.manifest.id;
        let runtime = Runtime::new(&RuntimeOptions { cache_dir: environment.cache_dir() })
            .map_err(|error| {
                CommandError::failed("engine", "plugins can't be run").because(&error)
            })?;
        let plugin = runtime.load(self.component).map_err(|error| {
            CommandError::failed("plugin", format!("the plugin of {id} can't be loaded"))
                .because(&error)
                .hint("`massgen plugin list` shows what is installed")
        })?;
        let key = self.key(environment, config);
        let (base_url, origin) = self.base_url(environment, config);
        let connection = Connection {
            credential: key.map(|key| key.secret),
            base_url: Some(base_url.clone()),
            settings: self.settings(environment, config),
            http: http_options(config),
            log,
        };
        plugin.connect(connection).map_err(|error| self.explain(&error, &base_url, &origin, config))
    }

    fn explain(
        &self,
        error: &ConnectError,
        base_url: &str,
        origin: &str,
        config: &Config,
    ) -> CommandError {
        match error {
            ConnectError::NoCredential(_) => self.no_key(config),
            ConnectError::BaseUrl { .. } => {
                CommandError::usage(format!("the base URL of {} can't be used", self.manifest.id))
                    .because(error)
                    .hint(format!(
                        "it comes from {origin}; {} takes what the vendor's own SDK takes",
                        base_url_example(base_url)
                    ))
            }
            _ => CommandError::usage(format!("{} can't be connected", self.manifest.id))
                .because(error),
        }
    }

    /// The error for a provider that was asked for and has no key.
    pub(crate) fn no_key(&self, config: &Config) -> CommandError {
        let names = self.key_variables(config).join(" or ");
        let mut error = CommandError::new(
            Exit::NoModel,
            "auth-missing",
            format!("{} needs a key and there is none", self.manifest.name),
        );
        error.causes.push(format!("{names} is not set, neither in the environment nor in a .env file (placeholders count as absent)"));
        error
            .hint(format!(
                "export {}=…",
                self.manifest.auth.env.first().map_or("KEY", String::as_str)
            ))
            .hint("`--model none` reports from the facts alone")
            .with_detail(serde_json::json!({"provider": self.manifest.id}))
    }
}

fn base_url_example(base_url: &str) -> &'static str {
    if base_url.starts_with("http:") { "https (or http on this machine)" } else { "it" }
}

fn http_options(config: &Config) -> HttpOptions {
    let default = HttpOptions::default();
    HttpOptions {
        connect_timeout_ms: config
            .duration_ms("network.connect_timeout")
            .unwrap_or(default.connect_timeout_ms),
        idle_timeout_ms: config
            .duration_ms("network.idle_timeout")
            .unwrap_or(default.idle_timeout_ms),
        total_timeout_ms: config
            .duration_ms("network.total_timeout")
            .unwrap_or(default.total_timeout_ms),
        max_retries: config.number("network.max_retries").unwrap_or(default.max_retries).min(10),
        ..default
    }
}

/// Asserts at compile time that a connected component is a provider.
const _: fn(&ComponentProvider) -> &dyn Provider = |provider| provider;
