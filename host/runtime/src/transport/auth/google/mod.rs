//! Tokens for Google's application default credentials: a service account signs a JSON Web Token and has it
//! exchanged (RFC 7523); a user's refresh token is exchanged as it is (RFC 6749, section 6).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use massgen_models::failure::{Failure, FailureKind};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use crate::secret::Secret;
use crate::transport::endpoint;
use crate::transport::scrub::base64_url;

const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const LIFETIME_S: u64 = 3_600;
/// A token that ends within this time is fetched anew.
const SPARE: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(30);

/// The token that is at hand.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<Option<(Secret, Instant)>>);

/// A credentials file, as far as it matters.
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
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

impl Tokens {
    /// A token that is good for a while.
    pub(super) async fn token(
        &self,
        client: &reqwest::Client,
        account: &Secret,
    ) -> Result<Secret, Failure> {
        let mut held = self.0.lock().await;
        if let Some((token, until)) = held.as_ref()
            && *until > Instant::now() + SPARE
        {
            return Ok(token.clone());
        }
        let account: Account = serde_json::from_str(account.expose()).map_err(|_| {
            refused("the file of Google credentials is no JSON of a kind that is known")
        })?;
        let uri = endpoint::base_url(account.token_uri.as_deref().unwrap_or(TOKEN_URI)).map_err(
            |error| refused(&format!("token_uri in the file of Google credentials: {error}")),
        )?;
        let form = form(&account, uri.as_str(), SystemTime::now())?;
        let (token, lifetime) = exchange(client, uri, form).await?;
        *held = Some((token.clone(), Instant::now() + lifetime));
        Ok(token)
    }
}

/// What is sent for a token.
fn form(account: &Account, uri: &str, now: SystemTime) -> Result<Vec<(String, String)>, Failure> {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect()
    };
    match account.kind.as_str() {
        "service_account" => Ok(pairs(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", &assertion(account, uri, now)?),
        ])),
        "authorized_user" => Ok(pairs(&[
            ("grant_type", "refresh_token"),
            ("client_id", &account.client_id),
            ("client_secret", &account.client_secret),
            ("refresh_token", &account.refresh_token),
        ])),
        other => Err(refused(&format!(
            "Google credentials of type {other:?} are not supported: take a service account or `gcloud auth application-default login`"
        ))),
    }
}

/// A JSON Web Token that the account's key signed.
fn assertion(account: &Account, uri: &str, now: SystemTime) -> Result<String, Failure> {
    let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": account.private_key_id});
    let claims = json!({
        "iss": account.client_email, "scope": SCOPE, "aud": uri,
        "iat": issued, "exp": issued + LIFETIME_S,
    });
    let text = format!(
        "{}.{}",
        base64_url(header.to_string().as_bytes()),
        base64_url(claims.to_string().as_bytes())
    );
    let bad_key = || refused("the private key in the file of Google credentials can't be read");
    let der = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes())
        .map_err(|_| bad_key())?;
    let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| bad_key())?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| bad_key())?;
    Ok(format!("{text}.{}", base64_url(&signature)))
}

async fn exchange(
    client: &reqwest::Client,
    uri: reqwest::Url,
    form: Vec<(String, String)>,
) -> Result<(Secret, Duration), Failure> {
    let place = uri.origin().ascii_serialization();
    let mut query = uri.clone();
    query.query_pairs_mut().extend_pairs(form);
    let body = query.query().unwrap_or_default().to_string();
    let mut request = reqwest::Request::new(reqwest::Method::POST, uri);
    request.headers_mut().insert(
        reqwest::header::CONTENT_TYPE,
        reqwest::header::HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    *request.body_mut() = Some(body.into());
    let unreachable =
        || Failure::new(FailureKind::Unavailable, format!("no token can be fetched from {place}"));
    let response = tokio::time::timeout(PATIENCE, client.execute(request))
        .await
        .map_err(|_| unreachable())?
        .map_err(|_| unreachable())?;
    let status = response.status().as_u16();
    let bytes = tokio::time::timeout(PATIENCE, response.bytes())
        .await
        .map_err(|_| unreachable())?
        .map_err(|_| unreachable())?;
    if status >= 400 || bytes.len() > ANSWER_BYTES_MAX {
        let said = serde_json::from_slice::<serde_json::Value>(&bytes).unwrap_or_default();
        let why = ["error_description", "error"].iter().find_map(|name| said[*name].as_str());
        let why: String = why.unwrap_or("no reason given").chars().take(200).collect();
        let message = format!("{place} gives no token for these Google credentials: {why}");
        let kind =
            if status >= 500 { FailureKind::Unavailable } else { FailureKind::Authentication };
        return Err(Failure { http_status: Some(status), ..Failure::new(kind, message) });
    }
    let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| {
        Failure::new(FailureKind::Protocol, format!("{place} answered without a token"))
    })?;
    let lifetime = answer.expires_in.min(LIFETIME_S);
    Ok((Secret::new(answer.access_token), Duration::from_secs(lifetime)))
}

fn refused(message: &str) -> Failure {
    Failure::new(FailureKind::Authentication, message)
}

#[cfg(test)]
mod tests;
