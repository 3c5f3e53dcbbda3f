//! The credential, added last: the plugin's request has passed all checks by then.

mod google;
mod sigv4;

use massgen_models::failure::{Failure, FailureKind};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Request, Url};

use super::scrub::Scrubber;
use crate::credential::Credential;
use crate::manifest::{Auth, Scheme};
use google::Tokens;

/// Adds the credential of one provider to its requests.
#[derive(Debug)]
pub(crate) struct Authorizer {
    way: Auth,
    credential: Option<Credential>,
    /// The region that AWS signatures name.
    region: String,
    tokens: Tokens,
}

/// Why a credential can't be sent.
#[derive(Debug, thiserror::Error)]
enum AuthError {
    #[error(
        "the key holds characters that no header can carry: check for line breaks or quotes around it"
    )]
    Unsendable,
    #[error("a credential of this kind can't be sent in the way that the plugin's manifest names")]
    WrongKind,
}

impl Authorizer {
    pub(crate) fn new(way: Auth, credential: Option<Credential>, region: String) -> Self {
        Self { way, credential, region, tokens: Tokens::default() }
    }

    /// Header of a reply that would echo the credential, lower case.
    pub(crate) fn own_header(&self) -> String {
        self.way.name.as_deref().unwrap_or("authorization").to_ascii_lowercase()
    }

    /// Adds the credential as the manifest says. Google's needs a token first, which `client` fetches.
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
                let mut url: Url = request.url().clone();
                url.query_pairs_mut().append_pair(name, key.expose());
                *request.url_mut() = url;
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
