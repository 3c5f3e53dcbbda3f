//! A plugin's request before it is sent: checked against the manifest.

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::endpoint::{self, PathError};
use crate::manifest::{Endpoint, Manifest};

/// A request body may be this large.
const BODY_BYTES_MAX: usize = 32 << 20;
const HEADERS_MAX: usize = 50;

/// Headers that only the host sets.
const OWN_HEADERS: &[&str] = &[
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

/// What a plugin asks to send, in plain types.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) endpoint: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A request that may be sent once the credential is added.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
}

/// Why a plugin's request is not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefuseError {
    #[error("it names the endpoint {0:?}, which is not in its manifest")]
    Endpoint(String),
    #[error("it uses the method {0:?}, which its manifest does not list")]
    Method(String),
    #[error(transparent)]
    Path(#[from] PathError),
    #[error("it sets the header {0:?}, which only the host sets")]
    OwnHeader(String),
    #[error("its header {0:?} is malformed")]
    MalformedHeader(String),
    #[error("it sets {0} headers; {HEADERS_MAX} are allowed")]
    TooManyHeaders(usize),
    #[error("its query names {0:?}, which carries the credential")]
    OwnQuery(String),
    #[error("its body has {0} bytes; {BODY_BYTES_MAX} are allowed")]
    TooLarge(usize),
}

/// Checks a request. `base` gives the base URL of an endpoint.
pub(crate) fn check(
    manifest: &Manifest,
    asked: Asked,
    base: impl Fn(&Endpoint) -> Url,
) -> Result<Outgoing, RefuseError> {
    let place = manifest.endpoints.iter().find(|place| place.name == asked.endpoint);
    let place = place.ok_or_else(|| RefuseError::Endpoint(cut(&asked.endpoint)))?;
    let method = match asked.method.as_str() {
        "GET" => reqwest::Method::GET,
        "POST" => reqwest::Method::POST,
        _ => return Err(RefuseError::Method(cut(&asked.method))),
    };
    if !place.methods.contains(&asked.method) {
        return Err(RefuseError::Method(asked.method));
    }
    let mut url = endpoint::join(&base(place), place, &asked.path)?;
    let own: Vec<&str> = manifest
        .auth
        .ways()
        .filter_map(|way| way.name.as_deref())
        .filter(|n| !n.is_empty())
        .collect();
    let is_own = |name: &str| own.iter().any(|own| name.eq_ignore_ascii_case(own));
    if let Some((name, _)) = asked.query.iter().find(|(name, _)| is_own(name)) {
        return Err(RefuseError::OwnQuery(cut(name)));
    }
    if !asked.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&asked.query);
    }
    if asked.body.len() > BODY_BYTES_MAX {
        return Err(RefuseError::TooLarge(asked.body.len()));
    }
    let headers = headers(&asked.headers, is_own)?;
    Ok(Outgoing { method, url, headers, body: asked.body.into() })
}

/// Headers, none of which is the host's or carries a credential.
pub(crate) fn headers(
    asked: &[(String, String)],
    carries_credential: impl Fn(&str) -> bool,
) -> Result<HeaderMap, RefuseError> {
    if asked.len() > HEADERS_MAX {
        return Err(RefuseError::TooManyHeaders(asked.len()));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        let lower = name.to_ascii_lowercase();
        let is_own = OWN_HEADERS.contains(&lower.as_str())
            || lower.starts_with("proxy-")
            || lower.starts_with("x-amz-")
            || carries_credential(&lower);
        if is_own {
            return Err(RefuseError::OwnHeader(cut(name)));
        }
        let malformed = || RefuseError::MalformedHeader(cut(name));
        let name = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| malformed())?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| malformed())?);
    }
    Ok(headers)
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}
