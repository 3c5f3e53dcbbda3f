//! What a plugin needs to reach its service, and why it may not get it.

use std::sync::Arc;

use crate::credential::Credential;
use crate::manifest::Auth;
use crate::rehearsal::Recorder;
use crate::settings::SettingError;
use crate::transport::endpoint::BaseUrlError;

/// Receives lines that a plugin logged: level and message, without credentials.
pub type LogSink = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Timeouts and retries of HTTP requests. All times are in milliseconds.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Time to establish a connection.
    pub connect_timeout_ms: u64,
    /// Time between two reads of a reply, and until a streamed reply begins.
    pub idle_timeout_ms: u64,
    /// Time for one request and its reply.
    pub total_timeout_ms: u64,
    /// Maximum number of retries of a failed request.
    pub max_retries: u32,
    /// The `User-Agent`, which plugins see too.
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
    /// The credential; `None` where the service needs none.
    pub credential: Option<Credential>,
    /// The manifest's way to send the credential; `None` for the first one.
    pub way: Option<Auth>,
    /// Headers from the user's configuration, sent with every request.
    pub headers: Vec<(String, String)>,
    /// Replaces the base URLs of the manifest.
    pub base_url: Option<String>,
    /// The user's values of the manifest's settings: name and plain text. Others have their defaults.
    pub settings: Vec<(String, String)>,
    /// Timeouts and retries.
    pub http: HttpOptions,
    /// Receives the plugin's log lines.
    pub log: Option<LogSink>,
    /// Records the exchange for a cassette.
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

/// Why a plugin cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The base URL is not allowed.
    #[error("the base URL of {plugin} is not allowed")]
    BaseUrl {
        /// The plugin's id.
        plugin: String,
        /// The reason.
        #[source]
        source: BaseUrlError,
    },
    /// The service needs a key, and none was given.
    #[error("{0} needs a key")]
    NoCredential(String),
    /// A configured header is malformed, or reserved for the host.
    #[error("a header configured for {plugin} is not allowed: {why}")]
    Headers {
        /// The plugin's id.
        plugin: String,
        /// The reason.
        why: String,
    },
    /// A setting is unknown or has a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The HTTP client failed to start.
    #[error("failed to set up the HTTP client")]
    Client(#[source] reqwest::Error),
}
