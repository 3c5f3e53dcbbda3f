//! The credential, added last: the plugin's request has passed all checks by then.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Request, Url};

use crate::manifest::{Auth, Scheme};
use crate::secret::Secret;

/// Why a credential can't be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error(
        "the key holds characters that no header can carry: check for line breaks or quotes around it"
    )]
    Unsendable,
}

/// Adds the credential as the manifest says.
pub(crate) fn apply(auth: &Auth, secret: &Secret, request: &mut Request) -> Result<(), AuthError> {
    let value = |text: String| {
        let mut value = HeaderValue::from_str(&text).map_err(|_| AuthError::Unsendable)?;
        value.set_sensitive(true);
        Ok(value)
    };
    let name = auth.name.as_deref().unwrap_or_default();
    match auth.scheme {
        Scheme::None => {}
        Scheme::Bearer => {
            request
                .headers_mut()
                .insert(AUTHORIZATION, value(format!("Bearer {}", secret.expose()))?);
        }
        Scheme::Header => {
            let name =
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| AuthError::Unsendable)?;
            request.headers_mut().insert(name, value(secret.expose().to_string())?);
        }
        Scheme::Query => {
            let mut url: Url = request.url().clone();
            url.query_pairs_mut().append_pair(name, secret.expose());
            *request.url_mut() = url;
        }
    }
    Ok(())
}
