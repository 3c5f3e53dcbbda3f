//! Tokens for Google's application default credentials. A service account exchanges a signed JSON Web Token
//! (RFC 7523), a user a refresh token (RFC 6749, section 6). Decision 31 says why no crate does this.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::engine::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use massgen_models::failure::{Failure, FailureKind};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::secret::Secret;
use crate::transport::endpoint;

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const LIFETIME_S: u64 = 3_600;
/// A token that expires within this time is fetched again.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);
const REPLY_BYTES_MAX: usize = 64 << 10;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Fetches tokens and caches the newest.
#[derive(Debug, Default)]
pub(super) struct TokenSource(Mutex<Option<Token>>);

#[derive(Debug, Clone)]
struct Token {
    secret: Secret,
    expires: Instant,
}

/// The relevant fields of a credentials file.
#[derive(Deserialize)]
struct Account {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    client_email: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    refresh_token: String,
    #[serde(default)]
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct TokenReply {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

impl TokenSource {
    /// Returns a token that is valid for at least [`EXPIRY_MARGIN`]. `account` is the text of the credentials file.
    pub(super) async fn token(
        &self,
        client: &reqwest::Client,
        account: &Secret,
    ) -> Result<Secret, Failure> {
        let mut cached = self.0.lock().await;
        if let Some(token) = cached.as_ref()
            && token.expires > Instant::now() + EXPIRY_MARGIN
        {
            return Ok(token.secret.clone());
        }
        let account: Account = serde_json::from_str(account.expose())
            .map_err(|_| refused("the Google credentials file is not JSON of a known format"))?;
        let uri = endpoint::base_url(account.token_uri.as_deref().unwrap_or(TOKEN_URI)).map_err(
            |error| refused(&format!("token_uri in the Google credentials file: {error}")),
        )?;
        let form = form(&account, uri.as_str(), SystemTime::now())?;
        let token = fetch(client, uri, &form).await?;
        *cached = Some(token.clone());
        Ok(token.secret)
    }
}

type Form = Vec<(&'static str, String)>;

/// Returns the form fields of a token request.
fn form(account: &Account, uri: &str, now: SystemTime) -> Result<Form, Failure> {
    match account.kind.as_str() {
        "service_account" => Ok(vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".into()),
            ("assertion", assertion(account, uri, now)?),
        ]),
        "authorized_user" => Ok(vec![
            ("grant_type", "refresh_token".into()),
            ("client_id", account.client_id.clone()),
            ("client_secret", account.client_secret.clone()),
            ("refresh_token", account.refresh_token.clone()),
        ]),
        other => Err(refused(&format!(
            "Google credentials of type {other:?} are not supported: use a service account or `gcloud auth application-default login`"
        ))),
    }
}

/// Returns a JSON Web Token signed with the account's private key.
fn assertion(account: &Account, uri: &str, now: SystemTime) -> Result<String, Failure> {
    let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": account.private_key_id});
    let claims = json!({
        "iss": account.client_email, "scope": SCOPE, "aud": uri,
        "iat": issued, "exp": issued + LIFETIME_S,
    });
    let encode = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let bad_key = || refused("the private key in the Google credentials file is not valid");
    let der = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes())
        .map_err(|_| bad_key())?;
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| bad_key())?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| bad_key())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

async fn fetch(client: &reqwest::Client, uri: reqwest::Url, form: &Form) -> Result<Token, Failure> {
    let origin = uri.origin().ascii_serialization();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = reqwest::Request::new(reqwest::Method::POST, uri);
    let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    *request.body_mut() = Some(body.into());
    let unreachable = || {
        let message = format!("failed to fetch a token from {origin}");
        Failure::new(FailureKind::Unavailable, message)
    };
    let response = tokio::time::timeout(TIMEOUT, client.execute(request))
        .await
        .map_err(|_| unreachable())?
        .map_err(|_| unreachable())?;
    let status = response.status().as_u16();
    let bytes = tokio::time::timeout(TIMEOUT, response.bytes())
        .await
        .map_err(|_| unreachable())?
        .map_err(|_| unreachable())?;
    if status >= 400 || bytes.len() > REPLY_BYTES_MAX {
        return Err(token_refused(&origin, status, &bytes));
    }
    let reply: TokenReply = serde_json::from_slice(&bytes).map_err(|_| {
        Failure::new(FailureKind::Protocol, format!("{origin} replied without a token"))
    })?;
    let lifetime = Duration::from_secs(reply.expires_in.min(LIFETIME_S));
    Ok(Token { secret: Secret::new(reply.access_token), expires: Instant::now() + lifetime })
}

fn token_refused(origin: &str, status: u16, body: &[u8]) -> Failure {
    let reply = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let reason = ["error_description", "error"].iter().find_map(|name| reply[*name].as_str());
    let reason: String = reason.unwrap_or("no reason given").chars().take(200).collect();
    let message = format!("{origin} refused a token for these Google credentials: {reason}");
    let kind = if status >= 500 { FailureKind::Unavailable } else { FailureKind::Authentication };
    Failure { http_status: Some(status), ..Failure::new(kind, message) }
}

fn refused(message: &str) -> Failure {
    Failure::new(FailureKind::Authentication, message)
}

#[cfg(test)]
mod tests;
