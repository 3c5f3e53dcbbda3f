//! The installed providers: which there are, whether there is a key, and how to reach them.

mod configured;

use std::rc::Rc;

use massgen_bundle::PLUGINS;
use massgen_models::provider::Provider;
use massgen_models::provider_profile::ProviderProfile;
use massgen_runtime::manifest::{Kind, Manifest, Scheme};
use massgen_runtime::{
    ComponentProvider, ConnectError, Connection, Credential, HttpOptions, LogSink, Runtime,
    RuntimeOptions,
};

use crate::config::Config;
use crate::credentials::cloud::CloudFile;
use crate::credentials::store::Store;
use crate::credentials::{self, Found};
use crate::environment::{Environment, VarSource};
use crate::error::CommandError;
use crate::exit::Exit;

/// Every installed plugin, and every provider that they give.
#[derive(Debug)]
pub(crate) struct Providers {
    plugins: Vec<Installed>,
    providers: Vec<Installed>,
    pub(crate) store: Rc<Store>,
    pub(crate) warnings: Vec<String>,
}

/// One plugin, or one provider: the component, with the manifest that it has there.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) manifest: Manifest,
    pub(crate) component: &'static [u8],
    store: Rc<Store>,
}

impl Providers {
    /// Reads the manifests of the plugins that the program carries, and the services that the user's
    /// configuration adds. Starts nothing.
    pub(crate) fn installed(
        environment: &Environment,
        config: &Config,
    ) -> Result<Self, CommandError> {
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
            let component = plugin.component;
            plugins.push(Installed { manifest, component, store: store.clone() });
        }
        let of_models = || plugins.iter().filter(|i| i.manifest.kind == Kind::AnalyzerModel);
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
        warnings.extend(store.problem.clone());
        Ok(Self { plugins, providers, store, warnings })
    }

    /// Every plugin, of whatever kind.
    pub(crate) fn plugins(&self) -> impl Iterator<Item = &Installed> {
        self.plugins.iter()
    }

    /// Providers of models, by id.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Installed> {
        self.providers.iter()
    }

    /// Ways to make a workspace.
    pub(crate) fn strategies(&self) -> impl Iterator<Item = &Installed> {
        self.plugins.iter().filter(|i| i.manifest.kind == Kind::IsolationStrategy)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Installed> {
        self.all().find(|installed| installed.manifest.id == id)
    }

    /// The provider that a user's word means, or an error with near names.
    pub(crate) fn require(&self, word: &str) -> Result<&Installed, CommandError> {
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
    pub(crate) fn profiles(
        &self,
        environment: &Environment,
        config: &Config,
    ) -> Vec<ProviderProfile> {
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
    pub(crate) fn all_keys(&self, environment: &Environment, config: &Config) -> Vec<String> {
        let keys = self.all().filter_map(|installed| installed.key(environment, config));
        keys.flat_map(|key| key.secrets_at_hand()).collect()
    }
}

impl Installed {
    fn with(&self, manifest: Manifest) -> Self {
        Self { manifest, component: self.component, store: self.store.clone() }
    }

    pub(crate) fn needs_no_key(&self) -> bool {
        self.manifest.auth.scheme == Scheme::None || self.manifest.auth.optional
    }

    /// Names of the variables that may hold the key, the strongest first.
    pub(crate) fn key_variables<'a>(&'a self, config: &'a Config) -> Vec<&'a str> {
        credentials::variables(&self.manifest, config)
    }

    /// Where the credential is, if there is one.
    pub(crate) fn key(&self, environment: &Environment, config: &Config) -> Option<Found> {
        credentials::find(&self.manifest, environment, config, &self.store)
    }

    /// Where the service is, and who says so. A file of the project has no say.
    pub(crate) fn base_url(&self, environment: &Environment, config: &Config) -> (String, String) {
        let place = self.manifest.endpoints.first();
        let variable = place.and_then(|place| place.base_env.as_deref());
        if let Some(name) = variable
            && let Some((url, source)) = environment.var_with_source(name)
            && !matches!(source, VarSource::ProjectFile(_))
        {
            return (as_url(url, place.map(|place| place.base.as_str())), name.to_string());
        }
        let key = format!("providers.{}.base_url", self.manifest.id);
        if let Some(url) = config.text(&key) {
            return (url.to_string(), format!("{key} in your configuration"));
        }
        let settings = self.settings(environment, config);
        let value = |name: &str| {
            settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
        };
        let base = place.map(|place| self.manifest.filled(&place.base, value));
        (base.unwrap_or_default(), "the plugin's manifest".into())
    }

    /// Whether the user said where the service is.
    pub(crate) fn is_moved(&self, environment: &Environment, config: &Config) -> bool {
        self.base_url(environment, config).1 != "the plugin's manifest"
    }

    /// Settings that differ from the manifest's defaults.
    fn settings(&self, environment: &Environment, config: &Config) -> Vec<(String, String)> {
        let value = |(name, setting): (&String, &massgen_runtime::manifest::Setting)| {
            let variables = setting.env.iter().chain(&setting.other_env);
            let from_env = variables
                .filter_map(|variable| environment.var(variable))
                .map(|text| text.trim().to_string())
                .next();
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
        let plugin = plugin.as_provider(self.manifest.clone());
        let (base_url, origin) = self.base_url(environment, config);
        let moved = self.is_moved(environment, config) || self.manifest.endpoints.len() == 1;
        let key = self.key(environment, config);
        let credential = key.as_ref().map(Found::load).transpose().map_err(|error| {
            CommandError::new(
                Exit::NoModel,
                "auth-missing",
                format!("the key of {id} can't be fetched"),
            )
            .because(&error)
            .hint(format!("`massgen auth status {id}` shows where it is looked for"))
        })?;
        if base_url.is_empty() {
            return Err(self.no_place(config));
        }
        let mut settings = self.settings(environment, config);
        self.complete(&mut settings, credential.as_ref(), key.as_ref());
        let own_headers = format!("providers.{id}.headers");
        let headers = config.below(&own_headers);
        let connection = Connection {
            credential,
            way: key.map(|key| key.way),
            headers: headers.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            base_url: moved.then(|| base_url.clone()),
            settings,
            http: http_options(config),
            log,
        };
        plugin.connect(connection).map_err(|error| self.explain(&error, &base_url, &origin, config))
    }

    /// Settings that follow from the credential: the way it is sent, and the project that it belongs to.
    fn complete(
        &self,
        settings: &mut Vec<(String, String)>,
        credential: Option<&Credential>,
        key: Option<&Found>,
    ) {
        let declared = |name: &str| self.manifest.settings.contains_key(name);
        if declared("auth-scheme")
            && let Some(key) = key
        {
            let word = match key.way.scheme {
                Scheme::GoogleAdc => "google-adc",
                Scheme::AwsSigv4 => "aws-sigv4",
                _ => "key",
            };
            settings.push(("auth-scheme".into(), word.into()));
        }
        if declared("project")
            && !settings.iter().any(|(name, _)| name == "project")
            && let Some(Credential::Google(file)) = credential
            && let Some(project) = CloudFile::project(file.expose())
        {
            settings.push(("project".into(), project));
        }
    }

    /// The error for a service that nobody said the place of.
    fn no_place(&self, _config: &Config) -> CommandError {
        let id = &self.manifest.id;
        let variable = self.manifest.endpoints.first().and_then(|place| place.base_env.as_deref());
        let mut error = CommandError::new(
            Exit::Usage,
            "usage",
            format!("{} has no address of its own", self.manifest.name),
        );
        error.hints.extend(variable.map(|name| format!("export {name}=https://…")));
        error.hint(format!("or set base_url below [providers.{id}] in your configuration"))
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

/// A place as tools of the service take it: a bare host is completed from the manifest's own URL.
fn as_url(text: &str, own: Option<&str>) -> String {
    let text = text.trim();
    if text.contains("://") || !own.is_some_and(|own| own.starts_with("http://")) {
        return text.to_string();
    }
    let port = own.and_then(|own| own.rsplit_once(':')).map_or("", |(_, port)| port);
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    // A server that listens everywhere is reached here.
    let host =
        text.strip_prefix("0.0.0.0").map_or(text.to_string(), |rest| format!("127.0.0.1{rest}"));
    let host = if host.starts_with(':') { format!("127.0.0.1{host}") } else { host };
    match host.contains(':') || port.is_empty() {
        true => format!("http://{host}"),
        false => format!("http://{host}:{port}"),
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
