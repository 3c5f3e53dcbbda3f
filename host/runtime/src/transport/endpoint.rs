//! Base URLs and paths.

use reqwest::Url;

use crate::manifest::Endpoint;

/// Why a base URL is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// The text is not a URL.
    #[error("{0:?} is not a URL")]
    NotAUrl(String),
    /// The scheme is neither https, nor http on loopback.
    #[error("{0:?} is not allowed: a base URL must use https, or http on loopback")]
    Insecure(String),
    /// The URL has a user name, a query or a fragment.
    #[error("{0:?} is not allowed: a base URL cannot have a user name, query or fragment")]
    Decorated(String),
}

/// Parses a base URL: https, or http on loopback.
pub fn base_url(text: &str) -> Result<Url, BaseUrlError> {
    let shown = || text.chars().take(200).collect::<String>();
    let url = Url::parse(text.trim()).map_err(|_| BaseUrlError::NotAUrl(shown()))?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        let mut bare = url;
        // The removed part may be a password.
        _ = bare.set_password(None);
        _ = bare.set_username("");
        bare.set_query(None);
        return Err(BaseUrlError::Decorated(bare.to_string()));
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "https" | "http" => Err(BaseUrlError::Insecure(shown())),
        _ => Err(BaseUrlError::NotAUrl(shown())),
    }
}

/// Whether a URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// Why a path is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error("the path {0:?} matches no pattern of the endpoint in its manifest")]
    NotListed(String),
    #[error("the path {0:?} has characters or segments that are not allowed")]
    Malformed(String),
}

/// Joins a base URL and a path, if the manifest allows the path.
pub(crate) fn join(base: &Url, endpoint: &Endpoint, path: &str) -> Result<Url, PathError> {
    let shown = || path.chars().take(200).collect::<String>();
    let plain =
        path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~:@!$&'()*+,;=%".contains(&b));
    let segments_are_plain =
        path.split('/').skip(1).all(|segment| !segment.is_empty() && !is_dots(segment));
    if !path.starts_with('/') || !plain || !segments_are_plain {
        return Err(PathError::Malformed(shown()));
    }
    if !endpoint.paths.iter().any(|pattern| matches(pattern, path)) {
        return Err(PathError::NotListed(shown()));
    }
    let joined = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let url = Url::parse(&joined).map_err(|_| PathError::Malformed(shown()))?;
    // If the parser normalised anything, the URL would differ from what was checked.
    if url.as_str() != joined
        || url.host_str() != base.host_str()
        || url.port_or_known_default() != base.port_or_known_default()
    {
        return Err(PathError::Malformed(shown()));
    }
    Ok(url)
}

/// Whether a segment is `.` or `..`, plain or percent-encoded.
fn is_dots(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    decoded == "." || decoded == ".."
}

/// Whether a path matches a pattern, where `*` stands for one or more characters other than `/`.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == path };
    let Some(rest) = path.strip_prefix(before) else { return false };
    let longest = rest.find('/').unwrap_or(rest.len());
    (1..=longest).filter(|end| rest.is_char_boundary(*end)).any(|end| matches(after, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        for good in [
            "https://api.openai.com/v1",
            "http://127.0.0.1:8080",
            "http://localhost:1/v1/",
            "http://[::1]:9",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.openai.com",
            "http://127.0.0.1.evil.example",
            "ftp://x",
            "nonsense",
            "https://user:pw@x",
            "https://x?key=1",
            "",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
        assert!(!base_url("https://user:hunter22@x").unwrap_err().to_string().contains("hunter22"));
    }

    fn endpoint(paths: &[&str]) -> Endpoint {
        Endpoint {
            name: "api".into(),
            base: String::new(),
            base_env: None,
            methods: vec![],
            paths: paths.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn paths() {
        let base = base_url("http://127.0.0.1:9/base/").unwrap();
        let api = endpoint(&["/v1/chat", "/v1/models/*:go"]);
        let joined = |path: &str| join(&base, &api, path).map(|url| url.to_string());
        assert_eq!(joined("/v1/chat").unwrap(), "http://127.0.0.1:9/base/v1/chat");
        assert_eq!(
            joined("/v1/models/a%2Fb:go").unwrap(),
            "http://127.0.0.1:9/base/v1/models/a%2Fb:go"
        );
        for bad in [
            "/v1/chat/",
            "/admin",
            "/v1/models/:go",
            "/v1/models/a/b:go",
            "/v1/models/..:go/x",
            "v1/chat",
            "/v1/chat?x=1",
            "/v1/chat#x",
            "/v1/%2e%2e/chat",
            "//evil.example/v1/chat",
            "/v1/models/\r\n:go",
            "/v1/chat\\x",
        ] {
            assert!(joined(bad).is_err(), "{bad}");
        }
    }
}
