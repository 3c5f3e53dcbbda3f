//! Turns a loaded plugin into a provider.

use reqwest::Url;

use super::connected::ConnectedPlugin;
use super::connection::{ConnectError, Connection};
use super::{ComponentProvider, rate_limit::RateLimitGate};
use crate::component::LoadedPlugin;
use crate::credential::Credential;
use crate::manifest::{Endpoint, Manifest, Scheme};
use crate::settings::Settings;
use crate::transport::auth::Authorizer;
use crate::transport::endpoint;
use crate::transport::http::HttpClient;
use crate::transport::outgoing;
use crate::transport::scrub::Scrubber;

impl LoadedPlugin {
    /// Connects the plugin to its service. Sends nothing yet.
    pub fn connect(&self, connection: Connection) -> Result<ComponentProvider, ConnectError> {
        let manifest = self.manifest();
        let settings = Settings::resolve(manifest, &connection.settings)?;
        let base_urls = base_urls(manifest, connection.base_url.as_deref(), &settings)?;
        let no_credential = || ConnectError::NoCredential(manifest.id.clone());
        let way = connection.way.unwrap_or_else(|| manifest.auth.clone());
        if way.scheme != Scheme::None && !way.optional && connection.credential.is_none() {
            return Err(no_credential());
        }
        let (_, first_url) = base_urls.first().ok_or_else(no_credential)?;
        let headers = outgoing::headers(&connection.headers, |name| {
            manifest.auth.ways().any(|way| way.name.as_deref() == Some(name))
        })
        .map_err(|error| ConnectError::Headers {
            plugin: manifest.id.clone(),
            why: error.to_string(),
        })?;
        let secrets = connection.credential.iter().flat_map(Credential::secrets);
        let scrubber = Scrubber::new(secrets);
        let region = settings.get("region").unwrap_or_default().to_string();
        let authorizer = Authorizer::new(way, connection.credential.clone(), region);
        let client = HttpClient::new(first_url, authorizer, scrubber, headers, &connection.http)
            .map_err(ConnectError::Client)?;
        Ok(ComponentProvider {
            connected: ConnectedPlugin {
                plugin: self.inner.clone(),
                client,
                base_urls,
                settings,
                http: connection.http,
                log: connection.log,
                recorder: connection.recorder,
                rate_limit: RateLimitGate::default(),
            },
        })
    }
}

/// Returns the base URL of each endpoint by name: the user's, else the manifest's.
fn base_urls(
    manifest: &Manifest,
    user_url: Option<&str>,
    settings: &Settings,
) -> Result<Vec<(String, Url)>, ConnectError> {
    let base_url = |endpoint: &Endpoint| {
        let text = match user_url {
            Some(url) => manifest.trim_base(url).to_string(),
            None => manifest.fill_base(&endpoint.base, |name| settings.get(name)),
        };
        let url = endpoint::base_url(&text)
            .map_err(|source| ConnectError::BaseUrl { plugin: manifest.id.clone(), source })?;
        Ok((endpoint.name.clone(), url))
    };
    manifest.endpoints.iter().map(base_url).collect()
}
