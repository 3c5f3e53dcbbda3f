//! A component as a provider: loaded, connected, ready to be asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use massgen_models::event::{Event, RateLimit, Usage};
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{BoxFuture, ExchangeError, ListedModel, Observer, Provider, Reply};
use massgen_models::request::Request;
use reqwest::Url;

use crate::component::{Context, DiagnosticLine, LoadedPlugin, Shared};
use crate::credential::Credential;
use crate::exchange::{self, AttemptError};
use crate::manifest::{Auth, Endpoint, Scheme};
use crate::rehearsal::Recorder;
use crate::transport::auth::Authorizer;
use crate::transport::endpoint::{self, BaseUrlError};
use crate::transport::http::Edge;
use crate::transport::outgoing;
use crate::transport::retry;
use crate::transport::scrub::Scrubber;

/// A wait for a rate limit that is worth it; beyond it the service is asked all the same.
const PACE_MS_MAX: u64 = 60_000;

/// Takes lines that a plugin logged: level and message, scrubbed.
pub type LogSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// How patient to be. All times in milliseconds.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Until a connection stands.
    pub connect_timeout_ms: u64,
    /// Between two reads of a reply, and until a streamed reply begins.
    pub idle_timeout_ms: u64,
    /// For one request as a whole.
    pub total_timeout_ms: u64,
    /// How often a failed request is sent again.
    pub max_retries: u32,
    /// The `User-Agent`, also told to plugins.
    pub user_agent: String,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 5_000,
            idle_timeout_ms: 120_000,
            total_timeout_ms: 600_000,
            max_retries: 2,
            user_agent: concat!("massgen/", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

/// What a plugin needs to reach its service.
#[derive(Clone, Default)]
pub struct Connection {
    /// The credential; none where the service needs none.
    pub credential: Option<Credential>,
    /// The way in which it is sent, of those that the manifest names; none: the first.
    pub way: Option<Auth>,
    /// Headers of the user's own, sent with every request.
    pub headers: Vec<(String, String)>,
    /// Base URL instead of the manifest's.
    pub base_url: Option<String>,
    /// Values of the manifest's settings that differ from their defaults: name and plain text.
    pub settings: Vec<(String, String)>,
    /// How patient to be.
    pub http: HttpOptions,
    /// Where the plugin's own lines go.
    pub log: Option<LogSink>,
    /// Writes the exchange down, for a cassette.
    pub recorder: Option<Arc<Recorder>>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("base_url", &self.base_url)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// Why a plugin can't be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The base URL is refused.
    #[error("the base URL of {plugin} is refused")]
    BaseUrl {
        /// The plugin's id.
        plugin: String,
        /// Why.
        #[source]
        source: BaseUrlError,
    },
    /// The service needs a key and there is none.
    #[error("{0} needs a key")]
    NoCredential(String),
    /// A header of the user's own is the host's, or malformed.
    #[error("a header of {plugin} in your configuration is refused: {why}")]
    Headers {
        /// The plugin's id.
        plugin: String,
        /// Why.
        why: String,
    },
    /// A setting is unknown or has a value that it can't have.
    #[error("{plugin} has no setting {name} with the value {value:?}")]
    Setting {
        /// The plugin's id.
        plugin: String,
        /// The setting.
        name: String,
        /// The value.
        value: String,
    },
    /// The HTTP client can't be made.
    #[error("the HTTP client can't be set up")]
    Client(#[source] reqwest::Error),
}

/// A provider whose protocol is a component.
pub struct ComponentProvider {
    connected: Connected,
}

/// Everything that an exchange needs.
pub(crate) struct Connected {
    pub(crate) plugin: Arc<Shared>,
    pub(crate) edge: Edge,
    bases: Vec<(String, Url)>,
    settings: Vec<(String, String)>,
    http: HttpOptions,
    log: Option<LogSink>,
    pub(crate) recorder: Option<Arc<Recorder>>,
    not_before: Mutex<Option<Instant>>,
}

impl LoadedPlugin {
    /// Makes a provider of the plugin.
    pub fn connect(&self, connection: Connection) -> Result<ComponentProvider, ConnectError> {
        let manifest = self.manifest();
        let plugin = manifest.id.clone();
        let settings = self.settings(&connection.settings)?;
        let bases = self.bases(connection.base_url.as_deref(), &connection.settings)?;
        let way = connection.way.unwrap_or_else(|| manifest.auth.clone());
        if way.scheme != Scheme::None && !way.optional && connection.credential.is_none() {
            return Err(ConnectError::NoCredential(plugin));
        }
        let Some((_, first)) = bases.first() else {
            return Err(ConnectError::NoCredential(plugin));
        };
        let carries = |name: &str| {
            manifest.auth.ways().filter_map(|way| way.name.as_deref()).any(|own| own == name)
        };
        let headers = outgoing::headers(&connection.headers, carries)
            .map_err(|refused| ConnectError::Headers { plugin, why: refused.to_string() })?;
        let region = text_of(&settings, "region");
        let secrets = connection.credential.iter().flat_map(Credential::secrets);
        let scrubber = Scrubber::new(secrets);
        let authorizer = Authorizer::new(way, connection.credential.clone(), region);
        let edge = Edge::new(first, authorizer, scrubber, headers, &connection.http)
            .map_err(ConnectError::Client)?;
        let connected = Connected {
            plugin: self.shared.clone(),
            edge,
            bases,
            settings,
            http: connection.http,
            log: connection.log,
            recorder: connection.recorder,
            not_before: Mutex::new(None),
        };
        Ok(ComponentProvider { connected })
    }

    /// The base URL of each endpoint: what the user gave, else the manifest's.
    fn bases(
        &self,
        given: Option<&str>,
        set: &[(String, String)],
    ) -> Result<Vec<(String, Url)>, ConnectError> {
        let manifest = self.manifest();
        let value =
            |name: &str| set.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        // What stands in a host's name must not be able to name another host.
        let names_a_host = |name: &str| {
            let braced = [format!("{{{name}}}"), format!("{{{name}-}}")];
            manifest.endpoints.iter().any(|place| braced.iter().any(|b| place.base.contains(b)))
        };
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if let Some((name, text)) =
            set.iter().find(|(name, text)| names_a_host(name) && !plain(text))
        {
            return Err(ConnectError::Setting {
                plugin: manifest.id.clone(),
                name: name.clone(),
                value: text.clone(),
            });
        }
        let base = |place: &Endpoint| {
            let text = match given {
                Some(given) => manifest.trimmed(given).to_string(),
                None => manifest.filled(&place.base, value),
            };
            let url = endpoint::base_url(&text)
                .map_err(|source| ConnectError::BaseUrl { plugin: manifest.id.clone(), source })?;
            Ok((place.name.clone(), url))
        };
        manifest.endpoints.iter().map(base).collect()
    }

    /// All settings with their values as JSON.
    pub(crate) fn settings(
        &self,
        set: &[(String, String)],
    ) -> Result<Vec<(String, String)>, ConnectError> {
        let known = &self.manifest().settings;
        for (name, value) in set {
            let fits = known
                .get(name)
                .is_some_and(|setting| setting.values.is_empty() || setting.values.contains(value));
            if !fits {
                return Err(ConnectError::Setting {
                    plugin: self.manifest().id.clone(),
                    name: name.clone(),
                    value: value.clone(),
                });
            }
        }
        let value = |name: &str, default: &str| {
            let chosen =
                set.iter().find(|(key, _)| key == name).map_or(default, |(_, value)| value);
            serde_json::Value::from(chosen).to_string()
        };
        Ok(known
            .iter()
            .map(|(name, setting)| (name.clone(), value(name, &setting.default)))
            .collect())
    }
}

impl Connected {
    pub(crate) fn context(&self) -> Context {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Context {
            idempotency_key: format!("{:032x}", now.as_nanos()),
            now_unix_ms: now.as_millis() as u64,
            host: self.http.user_agent.clone(),
            settings: self.settings.clone(),
        }
    }

    pub(crate) fn base(&self, place: &Endpoint) -> Url {
        let found = self.bases.iter().find(|(name, _)| *name == place.name);
        found.map(|(_, url)| url.clone()).expect("every endpoint of the manifest was given a base")
    }

    pub(crate) fn log(&self, lines: Vec<DiagnosticLine>) {
        if let Some(sink) = &self.log {
            for line in lines {
                sink(line.level, &self.edge.scrubber.text(line.message));
            }
        }
    }

    /// Nothing is left of a limit: the next request waits until it is full again.
    pub(crate) fn pace(&self, limit: &RateLimit) {
        if let (Some(0), Some(ms)) = (limit.remaining, limit.reset_ms)
            && ms <= PACE_MS_MAX
        {
            let until = Instant::now() + Duration::from_millis(ms);
            let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            *not_before = (*not_before).max(Some(until));
        }
    }

    async fn wait_for_limit(&self, observer: &mut dyn Observer) {
        let until = self.not_before.lock().unwrap_or_else(PoisonError::into_inner).take();
        let wait =
            until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        if !wait.is_zero() {
            observer.event(&Event::Notice(format!(
                "waiting {} ms for the service's rate limit",
                wait.as_millis()
            )));
            tokio::time::sleep(wait).await;
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        observer: &mut dyn Observer,
    ) -> Result<Reply, ExchangeError> {
        let total = Duration::from_millis(self.http.total_timeout_ms);
        let mut number = 1;
        // What broken attempts used is paid for, too.
        let mut lost = Usage::default();
        loop {
            self.wait_for_limit(observer).await;
            let attempt = tokio::time::timeout(total, exchange::run(self, request, observer)).await;
            let error = match attempt {
                Ok(Ok(mut reply)) => {
                    reply.usage.add(&lost);
                    return Ok(Reply { attempts: number, ..reply });
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    let failure = Failure::new(
                        FailureKind::Stalled,
                        format!("the reply took longer than {} ms", total.as_millis()),
                    );
                    return Err(ExchangeError { attempts: number, begun: true, ..failure.into() });
                }
            };
            let attempt = retry::Attempt {
                number,
                failure: &error.failure,
                shown: error.joined.has_text(),
                should_retry: error.should_retry,
                jitter: jitter(),
            };
            let Some(wait_ms) = retry::wait_ms(&attempt, self.http.max_retries) else {
                let mut error = failed(*error, number);
                error.usage.add(&lost);
                return Err(error);
            };
            lost.add(&error.joined.usage);
            observer.retrying(number, wait_ms, &error.failure);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            number += 1;
        }
    }
}

/// The text of a setting.
fn text_of(settings: &[(String, String)], name: &str) -> String {
    let json = settings.iter().find(|(key, _)| key == name).map(|(_, json)| json.as_str());
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

fn failed(error: AttemptError, attempts: u32) -> ExchangeError {
    ExchangeError {
        failure: error.failure,
        begun: error.begun,
        partial: error.joined.parts,
        usage: error.joined.usage,
        attempts,
    }
}

/// From 0 to 1, different at every call; it only spreads retries.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0) >> 11) as f64 / (1u64 << 53) as f64
}

impl Provider for ComponentProvider {
    fn id(&self) -> &str {
        &self.connected.plugin.manifest.id
    }

    fn exchange<'a>(
        &'a self,
        request: &'a Request,
        observer: &'a mut dyn Observer,
    ) -> BoxFuture<'a, Result<Reply, ExchangeError>> {
        Box::pin(self.connected.exchange(request, observer))
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, Failure>> {
        Box::pin(self.connected.list())
    }

    fn count_tokens<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<u64, Failure>> {
        Box::pin(self.connected.count(request))
    }
}

impl std::fmt::Debug for ComponentProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ComponentProvider")
            .field("plugin", &self.connected.plugin.manifest.id)
            .finish_non_exhaustive()
    }
}
