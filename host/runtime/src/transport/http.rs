//! Sends HTTP requests and reads their replies, within limits of time and size.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use massgen_models::failure::{Failure, FailureKind};
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::auth::Authorizer;
use super::endpoint::is_loopback;
use super::outgoing::CheckedRequest;
use super::retry::retry_after_ms;
use super::scrub::Scrubber;
use crate::provider::HttpOptions;

/// Maximum size of a reply, decompressed.
const REPLY_BYTES_MAX: usize = 64 << 20;
/// How much of an error reply is read.
const ERROR_BYTES_MAX: usize = 256 << 10;
const HEADERS_MAX: usize = 200;
const HEADER_CHARS_MAX: usize = 8 << 10;

/// Sends the requests of one provider.
#[derive(Debug)]
pub(crate) struct HttpClient {
    client: reqwest::Client,
    authorizer: Authorizer,
    /// Headers from the user's configuration, sent with every request.
    headers: HeaderMap,
    pub(crate) scrubber: Scrubber,
    options: HttpOptions,
}

/// Status and headers of a reply, without credentials.
#[derive(Debug, Clone)]
pub(crate) struct HttpHead {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

impl HttpHead {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the service's id of the request, from one of the usual headers.
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

/// A reply with its body still to be read.
pub(crate) struct HttpReply {
    pub(crate) head: HttpHead,
    body: futures_util::stream::BoxStream<'static, Result<Bytes, reqwest::Error>>,
    received: usize,
    idle: Duration,
}

/// The result of one read.
pub(crate) enum BodyRead {
    Bytes(Bytes),
    End,
}

impl HttpClient {
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

    /// Sends a request and waits for the reply's head. A streamed reply must begin within the idle timeout; any other
    /// may take the total timeout, because the model thinks first.
    pub(crate) async fn send(
        &self,
        outgoing: CheckedRequest,
        streamed: bool,
    ) -> Result<HttpReply, Failure> {
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
                    "{origin} accepted the request but did not answer within {limit_ms} ms"
                );
                return Err(Failure::new(FailureKind::Unavailable, message));
            }
        };
        let head = self.head(&response);
        let idle = Duration::from_millis(self.options.idle_timeout_ms);
        Ok(HttpReply { head, body: response.bytes_stream().boxed(), received: 0, idle })
    }

    fn head(&self, response: &reqwest::Response) -> HttpHead {
        let credential = self.authorizer.credential_header();
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str() != "set-cookie" && name.as_str() != credential)
            .take(HEADERS_MAX);
        let headers = headers.map(|(name, value)| {
            let value: String =
                String::from_utf8_lossy(value.as_bytes()).chars().take(HEADER_CHARS_MAX).collect();
            (name.as_str().to_string(), self.scrubber.text(value))
        });
        HttpHead { status: response.status().as_u16(), headers: headers.collect() }
    }

    fn unreachable(&self, error: &reqwest::Error, origin: &str) -> Failure {
        let why = self.scrubber.text(innermost(error));
        let message = if error.is_connect() {
            format!(
                "failed to connect to {origin} ({why}): is the service running, and is the network up?"
            )
        } else if error.is_timeout() {
            format!("{origin} did not answer in time ({why})")
        } else {
            format!("the request to {origin} failed ({why})")
        };
        Failure::new(FailureKind::Unavailable, message)
    }
}

impl HttpReply {
    /// Reads the next bytes of the body.
    pub(crate) async fn read(&mut self) -> Result<BodyRead, Failure> {
        match tokio::time::timeout(self.idle, self.body.next()).await {
            Err(_) => Err(Failure::new(
                FailureKind::Stalled,
                format!("the reply stalled: no data for {} ms", self.idle.as_millis()),
            )),
            Ok(None) => Ok(BodyRead::End),
            Ok(Some(Err(error))) => Err(Failure::new(
                FailureKind::Protocol,
                format!(
                    "the connection was lost in the middle of the reply ({})",
                    innermost(&error)
                ),
            )),
            Ok(Some(Ok(bytes))) => {
                self.received += bytes.len();
                if self.received > REPLY_BYTES_MAX {
                    return Err(Failure::new(
                        FailureKind::Protocol,
                        format!("the reply is larger than {} MiB", REPLY_BYTES_MAX >> 20),
                    ));
                }
                Ok(BodyRead::Bytes(bytes))
            }
        }
    }

    /// Reads the beginning of an error reply's body; stops silently at a broken connection.
    pub(crate) async fn error_body(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES_MAX {
            match self.read().await {
                Ok(BodyRead::Bytes(bytes)) => {
                    body.extend_from_slice(&bytes[..bytes.len().min(ERROR_BYTES_MAX - body.len())]);
                }
                Ok(BodyRead::End) | Err(_) => break,
            }
        }
        body
    }
}

/// Returns scheme, host and port.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Returns the last error of a chain: it names the cause, the others repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
