//! One installed plugin: whether it may be used, where its service and its key are, and how it is reached.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use massgen_models::provider::Provider;
use massgen_runtime::manifest::{Manifest, PluginKind, Scheme};
use massgen_runtime::rehearsal::Recorder;
use massgen_runtime::{
    ComponentProvider, ConnectError, Connection, Credential, HttpOptions, LogSink, Runtime,
    RuntimeOptions,
};

use crate::config::Config;
use crate::credentials::cloud::CloudFile;
use crate::credentials::store::Store;
use crate::credentials::{self, Found};
use crate::environment::{Environment, VarSource};
use crate::plugins_lock::{self, Pinned, PinnedModel};
use massgen_terminal::CommandError;
use massgen_terminal::Exit;

/// Source of what this program carries.
pub(super) const EMBEDDED: &str = "embedded";

/// One plugin, or one provider: the component, with the manifest that it has there.
#[derive(Debug)]
pub struct Installed {
    /// What the plugin is and asks for.
    pub manifest: Manifest,
    /// The component's bytes.
    pub component: Cow<'static, [u8]>,
    /// `embedded`, or the file that it was added from.
    pub source: String,
    /// Models that it is known to offer, beside the catalogue's.
    pub models: Vec<PinnedModel>,
    /// Why it must not be used, if so.
    pub trouble: Option<String>,
    store: Rc<Store>,
}

impl Installed {
    /// A plugin that may be used.
    pub fn new(
        manifest: Manifest,
        component: Cow<'static, [u8]>,
        source: String,
        store: Rc<Store>,
    ) -> Self {
        Self { manifest, component, source, models: Vec::new(), trouble: None, store }
    }

    /// The same with the manifest of one of its services.
    pub(super) fn with(&self, manifest: Manifest) -> Self {
        Self {
            manifest,
            component: self.component.clone(),
            source: self.source.clone(),
            models: self.models.clone(),
            trouble: self.trouble.clone(),
            store: self.store.clone(),
        }
    }

    /// A plugin that was added, if it is still that.
    pub(super) fn added(
        added: &plugins_lock::Store,
        pinned: Pinned,
        store: Rc<Store>,
    ) -> Option<Self> {
        let read = || {
            let bytes = added.component(&pinned)?;
            let manifest = Manifest::from_component(&bytes).map_err(|error| error.to_string())?;
            if manifest.id != pinned.id {
                return Err(format!("it is {} and not {}", manifest.id, pinned.id));
            }
            Ok((manifest, bytes))
        };
        let (manifest, component, trouble) = match read() {
            Ok((manifest, bytes)) => (manifest, bytes, None),
            Err(why) => (refused_manifest(&pinned)?, Vec::new(), Some(why)),
        };
        let (models, source) = (pinned.models, pinned.source);
        Some(Self { manifest, component: Cow::Owned(component), source, models, trouble, store })
    }

    /// It is part of this program.
    pub fn is_embedded(&self) -> bool {
        self.source == EMBEDDED
    }

    /// BLAKE3 of the component, in hex.
    pub fn hash(&self) -> String {
        massgen_runtime::component_hash(&self.component)
    }

    /// An error if it is not what the user added.
    pub fn require_trusted(&self) -> Result<(), CommandError> {
        let Some(trouble) = &self.trouble else { return Ok(()) };
        let id = &self.manifest.id;
        Err(CommandError::failed("plugin-changed", format!("the plugin {id} is refused"))
            .with_cause(trouble)
            .hint(format!("massgen plugin add {} looks at it and pins it anew", self.source))
            .hint(format!("massgen plugin remove {id} takes it out")))
    }

    /// Returns whether the service works without a key.
    pub fn needs_no_key(&self) -> bool {
        self.trouble.is_none()
            && (self.manifest.auth.scheme == Scheme::None || self.manifest.auth.optional)
    }

    /// Names of the variables that may hold the key, the strongest first.
    pub fn key_variables<'a>(&'a self, config: &'a Config) -> Vec<&'a str> {
        credentials::variables(&self.manifest, config)
    }

    /// Where the credential is, if there is one.
    pub fn key(&self, environment: &Environment, config: &Config) -> Option<Found> {
        credentials::find(&self.manifest, environment, config, &self.store)
    }

    /// Where the service is, and who says so. A file of the project has no say.
    pub fn base_url(&self, environment: &Environment, config: &Config) -> (String, String) {
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
        let base = place.map(|place| self.manifest.fill_base(&place.base, value));
        (base.unwrap_or_default(), "the plugin's manifest".into())
    }

    /// Whether the user said where the service is.
    pub fn is_moved(&self, environment: &Environment, config: &Config) -> bool {
        self.base_url(environment, config).1 != "the plugin's manifest"
    }

    /// Settings that differ from the manifest's defaults.
    pub fn settings(&self, environment: &Environment, config: &Config) -> Vec<(String, String)> {
        let value = |(name, setting): (&String, &massgen_runtime::manifest::Setting)| {
            let variables = setting.env.iter().chain(&setting.other_env);
            let from_env = variables
                .filter_map(|variable| environment.var(variable))
                .map(|text| text.trim().to_string())
                .next();
            let from_config = || {
                let of = match self.manifest.kind {
                    PluginKind::AnalyzerModel => "providers",
                    PluginKind::IsolationStrategy => "strategies",
                };
                config.text(&format!("{of}.{}.settings.{name}", self.manifest.id)).map(String::from)
            };
            Some((name.clone(), from_env.or_else(from_config)?))
        };
        self.manifest.settings.iter().filter_map(value).collect()
    }

    /// Loads the plugin and connects it to its service.
    pub fn connect(
        &self,
        environment: &Environment,
        config: &Config,
        log: Option<LogSink>,
    ) -> Result<ComponentProvider, CommandError> {
        self.connect_recorded(environment, config, log, None)
    }

    /// The same, with somebody who writes the exchange down.
    pub fn connect_recorded(
        &self,
        environment: &Environment,
        config: &Config,
        log: Option<LogSink>,
        recorder: Option<Arc<Recorder>>,
    ) -> Result<ComponentProvider, CommandError> {
        self.require_trusted()?;
        let id = &self.manifest.id;
        let runtime = Runtime::new(&RuntimeOptions { cache_dir: environment.cache_dir() })
            .map_err(|error| {
                CommandError::failed("engine", "plugins can't be run").because(&error)
            })?;
        let plugin = runtime.load(&self.component).map_err(|error| {
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
            recorder,
        };
        plugin.connect(connection).map_err(|error| self.explain(&error, &origin, config))
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
        let name = &self.manifest.name;
        let mut error = CommandError::usage(format!("nobody said where your {name} is"))
            .with_cause(format!("every customer's {name} has an address of its own"));
        error.hints.extend(variable.map(|name| format!("export {name}=https://…")));
        error.hint(format!("`massgen config set providers.{id}.base_url https://…` keeps it"))
    }

    fn explain(&self, error: &ConnectError, origin: &str, config: &Config) -> CommandError {
        match error {
            ConnectError::NoCredential(_) => self.no_key(config),
            ConnectError::BaseUrl { .. } => {
                CommandError::usage(format!("the base URL of {} can't be used", self.manifest.id))
                    .because_source(error)
                    .hint(format!(
                        "it comes from {origin}: write it as the vendor's own SDK takes it"
                    ))
            }
            _ => CommandError::usage(format!("{} can't be connected", self.manifest.id))
                .because(error)
                .hint("`massgen config show` tells which settings there are, and from where"),
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
        error.causes.push(format!("{names} is not set, neither in the environment nor in a .env file (placeholders count as absent), and no key of {} is kept", self.manifest.id));
        error
            .hint(format!("`massgen auth set {}` keeps one", self.manifest.id))
            .hint(format!(
                "export {}=…",
                self.manifest.auth.env.first().map_or("KEY", String::as_str)
            ))
            .hint("`--model none` reports from the facts alone")
            .with_detail(serde_json::json!({"provider": self.manifest.id}))
    }
}

/// What is left of a plugin that is refused: its name, and nothing that it could do.
fn refused_manifest(pinned: &Pinned) -> Option<Manifest> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let text = format!(
        "schema = 1\nid = {}\nname = {}\nversion = {}\nkind = {}\n[[endpoint]]\nname = \"none\"\nbase = \"https://refused.invalid\"\nmethods = []\npaths = [\"/\"]\n",
        quoted(&pinned.id),
        quoted(&pinned.name),
        quoted(&pinned.version),
        quoted(&pinned.kind)
    );
    Manifest::parse(&text).ok()
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
