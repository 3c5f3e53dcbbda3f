//! Adds the credential, after the plugin's request has passed all checks.

mod google;
mod sigv4;

use massgen_models::failure::{Failure, FailureKind};
use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::scrub::Scrubber;
use crate::credential::Credential;
use crate::manifest::{Auth, Scheme};
use google::TokenSource;

/// Adds the credential of one provider to its requests.
#[derive(Debug)]
pub(crate) struct Authorizer {
    way: Auth,
    credential: Option<Credential>,
    /// The region in AWS signatures.
    region: String,
    tokens: TokenSource,
}

/// Why a credential cannot be sent.
#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error(
        "the key has characters that are not allowed in a header: check for line breaks or quotes around it"
    )]
    Unsendable,
    #[error("the plugin's manifest does not support this kind of credential")]
    WrongKind,
}

impl Authorizer {
    pub(crate) fn new(way: Auth, credential: Option<Credential>, region: String) -> Self {
        Self { way, credential, region, tokens: TokenSource::default() }
    }

    /// Returns the lower-case name of the header that carries the credential; a reply may echo it.
    pub(crate) fn credential_header(&self) -> String {
        self.way.name.as_deref().unwrap_or("authorization").to_ascii_lowercase()
    }

    /// Adds the credential to a request. Google credentials need a token, which is fetched with `client`.
    pub(crate) async fn apply(
        &self,
        client: &reqwest::Client,
        scrubber: &Scrubber,
        request: &mut Request,
    ) -> Result<(), Failure> {
        let refused =
            |error: AuthError| Failure::new(FailureKind::Authentication, error.to_string());
        let Some(credential) = &self.credential else { return Ok(()) };
        match (self.way.scheme, credential) {
            (Scheme::None, _) => Ok(()),
            (Scheme::AwsSigv4, Credential::Aws { .. }) => {
                let service = self.way.name.as_deref().unwrap_or_default();
                let now = std::time::SystemTime::now();
                sigv4::sign(request, credential, &self.region, service, now);
                Ok(())
            }
            (Scheme::GoogleAdc, Credential::Google(account)) => {
                let token = self.tokens.token(client, account).await?;
                scrubber.add(&token);
                bearer(token.expose(), request).map_err(refused)
            }
            (Scheme::Bearer, Credential::Key(key)) => {
                bearer(key.expose(), request).map_err(refused)
            }
            (Scheme::Header, Credential::Key(key)) => {
                let name = self.way.name.as_deref().unwrap_or_default();
                header(name, key.expose(), request).map_err(refused)
            }
            (Scheme::Query, Credential::Key(key)) => {
                let name = self.way.name.as_deref().unwrap_or_default();
                request.url_mut().query_pairs_mut().append_pair(name, key.expose());
                Ok(())
            }
            _ => Err(refused(AuthError::WrongKind)),
        }
    }
}

fn bearer(token: &str, request: &mut Request) -> Result<(), AuthError> {
    request.headers_mut().insert(AUTHORIZATION, sensitive(&format!("Bearer {token}"))?);
    Ok(())
}

fn header(name: &str, key: &str, request: &mut Request) -> Result<(), AuthError> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| AuthError::Unsendable)?;
    request.headers_mut().insert(name, sensitive(key)?);
    Ok(())
}

fn sensitive(text: &str) -> Result<HeaderValue, AuthError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| AuthError::Unsendable)?;
    value.set_sensitive(true);
    Ok(value)
}
