//! A plugin's request, checked against the manifest before it is sent.

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::endpoint::{self, PathError};
use super::framing::Framing;
use crate::manifest::{Endpoint, Manifest};

/// Maximum size of a request body.
const BODY_BYTES_MAX: usize = 32 << 20;
const HEADERS_MAX: usize = 50;

/// Headers that only the host may set.
const HOST_HEADERS: &[&str] = &[
    "authorization",
    "cookie",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "user-agent",
    "expect",
    "accept-encoding",
    "forwarded",
];

/// What a plugin asks to send, before a credential is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRequest {
    /// Name of an endpoint in the plugin's manifest.
    pub endpoint: String,
    /// `GET` or `POST`.
    pub method: String,
    /// Path below the endpoint's base URL.
    pub path: String,
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How to cut the reply.
    pub framing: Framing,
}

/// A request that may be sent once the credential is added.
#[derive(Debug, Clone)]
pub(crate) struct CheckedRequest {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
}

/// Why a plugin's request is not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("the endpoint {0:?} is not in its manifest")]
    Endpoint(String),
    #[error("its manifest does not list the method {0:?}")]
    Method(String),
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("only the host may set the header {0:?}")]
    HostHeader(String),
    #[error("the header {0:?} is malformed")]
    MalformedHeader(String),
    #[error("it has {0} headers; the limit is {HEADERS_MAX}")]
    TooManyHeaders(usize),
    #[error("the query parameter {0:?} is reserved for the credential")]
    CredentialQuery(String),
    #[error("the body has {0} bytes; the limit is {BODY_BYTES_MAX}")]
    TooLarge(usize),
}

impl RequestError {
    /// Whether a header is the reason.
    pub(crate) fn is_header(&self) -> bool {
        matches!(self, Self::HostHeader(_) | Self::MalformedHeader(_) | Self::TooManyHeaders(_))
    }
}

/// Checks a request. `base_url` returns the base URL of an endpoint.
pub(crate) fn check(
    manifest: &Manifest,
    request: PluginRequest,
    base_url: impl Fn(&Endpoint) -> Url,
) -> Result<CheckedRequest, RequestError> {
    let endpoint = manifest.endpoints.iter().find(|endpoint| endpoint.name == request.endpoint);
    let endpoint = endpoint.ok_or_else(|| RequestError::Endpoint(shorten(&request.endpoint)))?;
    let method = match request.method.as_str() {
        "GET" => reqwest::Method::GET,
        "POST" => reqwest::Method::POST,
        _ => return Err(RequestError::Method(shorten(&request.method))),
    };
    if !endpoint.methods.contains(&request.method) {
        return Err(RequestError::Method(request.method));
    }
    let mut url = endpoint::join(&base_url(endpoint), endpoint, &request.path)?;
    let credential_names: Vec<&str> = manifest
        .auth
        .ways()
        .filter_map(|way| way.name.as_deref())
        .filter(|name| !name.is_empty())
        .collect();
    let carries_credential =
        |name: &str| credential_names.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
    if let Some((name, _)) = request.query.iter().find(|(name, _)| carries_credential(name)) {
        return Err(RequestError::CredentialQuery(shorten(name)));
    }
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Err(RequestError::TooLarge(request.body.len()));
    }
    let headers = headers(&request.headers, carries_credential)?;
    Ok(CheckedRequest { method, url, headers, body: request.body.into() })
}

/// Checks headers: none may be reserved for the host or carry a credential.
pub(crate) fn headers(
    headers: &[(String, String)],
    carries_credential: impl Fn(&str) -> bool,
) -> Result<HeaderMap, RequestError> {
    if headers.len() > HEADERS_MAX {
        return Err(RequestError::TooManyHeaders(headers.len()));
    }
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        let reserved = HOST_HEADERS.contains(&lower.as_str())
            || lower.starts_with("proxy-")
            || lower.starts_with("x-amz-")
            || carries_credential(&lower);
        if reserved {
            return Err(RequestError::HostHeader(shorten(name)));
        }
        let malformed = || RequestError::MalformedHeader(shorten(name));
        let name = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| malformed())?;
        checked.append(name, HeaderValue::from_str(value).map_err(|_| malformed())?);
    }
    Ok(checked)
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}
