//! One HTTP request and its reply, within time and size.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use massgen_models::failure::{Failure, FailureKind};
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::auth::Authorizer;
use super::endpoint::is_loopback;
use super::outgoing::Outgoing;
use super::retry::retry_after_ms;
use super::scrub::Scrubber;
use crate::provider::HttpOptions;

/// Decompressed bytes of a reply.
const REPLY_BYTES_MAX: usize = 64 << 20;
/// Of a failed reply, this much is explained.
const ERROR_BYTES_MAX: usize = 256 << 10;
const HEADERS_MAX: usize = 200;
const HEADER_CHARS_MAX: usize = 8 << 10;

/// Sends requests of one provider.
#[derive(Debug)]
pub(crate) struct Edge {
    client: reqwest::Client,
    authorizer: Authorizer,
    /// Headers of the user's own, sent with every request.
    headers: HeaderMap,
    pub(crate) scrubber: Scrubber,
    options: HttpOptions,
}

/// Status and headers of a reply, scrubbed.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The service's id of the request, whatever it calls it.
    pub(crate) fn request_id(&self) -> Option<String> {
        [
            "x-request-id",
            "request-id",
            "x-amzn-requestid",
            "apim-request-id",
            "x-goog-request-id",
            "cf-ray",
        ]
        .iter()
        .find_map(|name| self.header(name))
        .map(String::from)
    }

    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        retry_after_ms(
            self.header("retry-after-ms"),
            self.header("retry-after"),
            std::time::SystemTime::now(),
        )
    }

    pub(crate) fn should_retry(&self) -> Option<bool> {
        self.header("x-should-retry").and_then(|text| text.parse().ok())
    }
}

/// A reply whose body is still to come.
pub(crate) struct Reply {
    pub(crate) head: Head,
    body: futures_util::stream::BoxStream<'static, Result<Bytes, reqwest::Error>>,
    received: usize,
    idle: Duration,
}

/// A read of a body.
pub(crate) enum Read {
    Bytes(Bytes),
    End,
}

impl Edge {
    pub(crate) fn new(
        base: &Url,
        authorizer: Authorizer,
        scrubber: Scrubber,
        headers: HeaderMap,
        options: &HttpOptions,
    ) -> Result<Self, reqwest::Error> {
        let loopback = is_loopback(base);
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_millis(options.connect_timeout_ms))
            .user_agent(&options.user_agent)
            .https_only(!loopback)
            .referer(false);
        if loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build()?;
        Ok(Self { client, authorizer, headers, scrubber, options: options.clone() })
    }

    /// Sends a request and waits for the reply's head. `streamed` replies must begin soon; whole ones may
    /// take as long as the model thinks.
    pub(crate) async fn send(&self, outgoing: Outgoing, streamed: bool) -> Result<Reply, Failure> {
        let origin = origin(&outgoing.url);
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        *request.body_mut() = Some(outgoing.body.into());
        request.headers_mut().extend(self.headers.clone());
        self.authorizer.apply(&self.client, &self.scrubber, &mut request).await?;
        let limit_ms = if streamed {
            self.options.idle_timeout_ms.min(self.options.total_timeout_ms)
        } else {
            self.options.total_timeout_ms
        };
        let sent =
            tokio::time::timeout(Duration::from_millis(limit_ms), self.client.execute(request))
                .await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.unreachable(&error, &origin)),
            Err(_) => {
                let message = format!(
                    "{origin} accepted the request and did not answer within {limit_ms} ms"
                );
                return Err(Failure::new(FailureKind::Unavailable, message));
            }
        };
        let head = self.head(&response);
        let idle = Duration::from_millis(self.options.idle_timeout_ms);
        Ok(Reply { head, body: response.bytes_stream().boxed(), received: 0, idle })
    }

    fn head(&self, response: &reqwest::Response) -> Head {
        let own = self.authorizer.own_header();
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str() != "set-cookie" && name.as_str() != own)
            .take(HEADERS_MAX);
        let headers = headers.map(|(name, value)| {
            let value: String =
                String::from_utf8_lossy(value.as_bytes()).chars().take(HEADER_CHARS_MAX).collect();
            (name.as_str().to_string(), self.scrubber.text(value))
        });
        Head { status: response.status().as_u16(), headers: headers.collect() }
    }

    fn unreachable(&self, error: &reqwest::Error, origin: &str) -> Failure {
        let why = self.scrubber.text(innermost(error));
        let message = if error.is_connect() {
            format!(
                "nothing answers at {origin} ({why}): is the service running, and is the network there?"
            )
        } else if error.is_timeout() {
            format!("{origin} did not answer in time ({why})")
        } else {
            format!("the request to {origin} failed ({why})")
        };
        Failure::new(FailureKind::Unavailable, message)
    }
}

impl Reply {
    /// The next bytes of the body.
    pub(crate) async fn read(&mut self) -> Result<Read, Failure> {
        match tokio::time::timeout(self.idle, self.body.next()).await {
            Err(_) => Err(Failure::new(
                FailureKind::Stalled,
                format!("the reply stopped: nothing came for {} ms", self.idle.as_millis()),
            )),
            Ok(None) => Ok(Read::End),
            Ok(Some(Err(error))) => Err(Failure::new(
                FailureKind::Protocol,
                format!("the connection broke in the middle of the reply ({})", innermost(&error)),
            )),
            Ok(Some(Ok(bytes))) => {
                self.received += bytes.len();
                if self.received > REPLY_BYTES_MAX {
                    return Err(Failure::new(
                        FailureKind::Protocol,
                        format!("the reply is larger than {} MiB", REPLY_BYTES_MAX >> 20),
                    ));
                }
                Ok(Read::Bytes(bytes))
            }
        }
    }

    /// The beginning of a failed reply's body; how it ends does not matter.
    pub(crate) async fn error_body(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES_MAX {
            match self.read().await {
                Ok(Read::Bytes(bytes)) => {
                    body.extend_from_slice(&bytes[..bytes.len().min(ERROR_BYTES_MAX - body.len())]);
                }
                Ok(Read::End) | Err(_) => break,
            }
        }
        body
    }
}

/// Scheme, host and port.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The last error of a chain says what happened; those above it repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
