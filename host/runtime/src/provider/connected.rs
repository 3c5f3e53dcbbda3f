//! A plugin with its service's address and credential: retries exchanges and keeps within rate limits.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use massgen_models::event::{Event, RateLimit, Usage};
use massgen_models::failure::{Failure, FailureKind};
use massgen_models::provider::{ExchangeError, Observer, Reply};
use massgen_models::request::Request;
use reqwest::Url;

use super::connection::{HttpOptions, LogSink};
use super::rate_limit::RateLimitGate;
use crate::component::{Context, DiagnosticLine, PluginInner};
use crate::exchange::{self, AttemptError};
use crate::manifest::Endpoint;
use crate::rehearsal::Recorder;
use crate::settings::Settings;
use crate::transport::http::HttpClient;
use crate::transport::retry;

/// Everything an exchange needs.
pub(crate) struct ConnectedPlugin {
    pub(crate) plugin: Arc<PluginInner>,
    pub(crate) client: HttpClient,
    /// By endpoint name.
    pub(super) base_urls: Vec<(String, Url)>,
    pub(super) settings: Settings,
    pub(super) http: HttpOptions,
    pub(super) log: Option<LogSink>,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub(super) rate_limit: RateLimitGate,
}

impl ConnectedPlugin {
    /// Returns what the plugin is told about a new exchange.
    pub(crate) fn context(&self) -> Context {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Context {
            idempotency_key: format!("{:032x}", now.as_nanos()),
            now_unix_ms: now.as_millis() as u64,
            host: self.http.user_agent.clone(),
            settings: self.settings.to_json(),
        }
    }

    /// Returns the base URL of an endpoint of the plugin's manifest.
    pub(crate) fn base_url(&self, endpoint: &Endpoint) -> Url {
        let found = self.base_urls.iter().find(|(name, _)| *name == endpoint.name);
        found.map(|(_, url)| url.clone()).expect("connecting gave every endpoint a base URL")
    }

    pub(crate) fn log(&self, lines: Vec<DiagnosticLine>) {
        if let Some(sink) = &self.log {
            for line in lines {
                sink(line.level, &self.client.scrubber.text(line.message));
            }
        }
    }

    pub(crate) fn update_rate_limit(&self, limit: &RateLimit) {
        self.rate_limit.update(limit);
    }

    /// Performs an exchange, with retries.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        observer: &mut dyn Observer,
    ) -> Result<Reply, ExchangeError> {
        let total = Duration::from_millis(self.http.total_timeout_ms);
        let mut number = 1;
        // The service charges for failed attempts too.
        let mut spent = Usage::default();
        loop {
            self.wait_for_rate_limit(observer).await;
            let attempt = tokio::time::timeout(total, exchange::run(self, request, observer)).await;
            let error = match attempt {
                Ok(Ok(mut reply)) => {
                    reply.usage.add(&spent);
                    return Ok(Reply { attempts: number, ..reply });
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(timed_out(total, number)),
            };
            let attempt = retry::Attempt {
                number,
                failure: &error.failure,
                shown: error.reply.has_text(),
                should_retry: error.should_retry,
                jitter: jitter(),
            };
            let Some(wait_ms) = retry::wait_ms(&attempt, self.http.max_retries) else {
                let mut error = exchange_error(*error, number);
                error.usage.add(&spent);
                return Err(error);
            };
            spent.add(&error.reply.usage);
            observer.retrying(number, wait_ms, &error.failure);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            number += 1;
        }
    }

    async fn wait_for_rate_limit(&self, observer: &mut dyn Observer) {
        let wait = self.rate_limit.take_wait();
        if !wait.is_zero() {
            observer.event(&Event::Notice(format!(
                "waiting {} ms for the service's rate limit",
                wait.as_millis()
            )));
            tokio::time::sleep(wait).await;
        }
    }
}

fn timed_out(total: Duration, attempts: u32) -> ExchangeError {
    let failure = Failure::new(
        FailureKind::Stalled,
        format!("the reply took longer than {} ms", total.as_millis()),
    );
    ExchangeError { attempts, begun: true, ..failure.into() }
}

fn exchange_error(error: AttemptError, attempts: u32) -> ExchangeError {
    ExchangeError {
        failure: error.failure,
        begun: error.begun,
        partial: error.reply.parts,
        usage: error.reply.usage,
        attempts,
    }
}

/// Returns a number from 0 to 1 to spread retries. The hasher's random seed saves a dependency.
fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0) >> 11) as f64 / (1u64 << 53) as f64
}
