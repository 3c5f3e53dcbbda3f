//! Credentials: where each provider's is, in which order is looked, and fetching it. Looking is cheap and asks
//! nobody; fetching may speak to the system's keyring or run a command.

pub(crate) mod cloud;
pub(crate) mod helper;
pub mod keyring;
pub mod store;

use massgen_models::key;
use massgen_runtime::manifest::{Auth, Manifest, Scheme};
use massgen_runtime::{Credential, Secret};

use crate::config::Config;
use crate::environment::{Environment, VarSource};
use cloud::{AwsFile, CloudFile};
use store::{Kept, Store};

/// A credential that was found and is perhaps still to be fetched.
#[derive(Debug)]
pub struct Found {
    /// Where, in words; never the key.
    pub source: String,
    /// The way in which it is sent.
    pub(crate) way: Auth,
    /// It serves other tools too: it doesn't make its provider the default.
    pub(crate) shared: bool,
    place: Place,
}

#[derive(Debug)]
enum Place {
    AtHand(Credential),
    Keyring { provider: String },
    Command(String),
    Aws(AwsFile),
    Google(CloudFile),
}

/// Why a credential that was found can't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The keyring did not return the key.
    #[error("the system's keyring does not give the key of {provider}")]
    Keyring {
        /// The provider.
        provider: String,
        /// The cause.
        #[source]
        source: keyring::KeyringError,
    },
    /// The helper command did not return a key.
    #[error("the command of providers.{provider}.key_command gives no key")]
    Helper {
        /// The provider.
        provider: String,
        /// The cause.
        #[source]
        source: helper::HelperError,
    },
    /// The file could not be read.
    #[error("{path} can't be read")]
    File {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file has no such profile.
    #[error("{path} has no key pair for the profile {profile}")]
    NoProfile {
        /// The file.
        path: String,
        /// The profile.
        profile: String,
    },
}

/// Names of the variables that may hold the key, the strongest first.
pub fn variables<'a>(manifest: &'a Manifest, config: &'a Config) -> Vec<&'a str> {
    let own = config.text(&format!("providers.{}.api_key_env", manifest.id));
    let known = manifest.auth.ways().flat_map(|way| &way.env).map(String::as_str);
    own.into_iter().chain(known).collect()
}

/// Looks for a provider's credential: environment and `.env` files, keyring, file of keys, helper command.
pub(crate) fn find(
    manifest: &Manifest,
    environment: &Environment,
    config: &Config,
    store: &Store,
) -> Option<Found> {
    let id = &manifest.id;
    let first = manifest.auth.ways().find(|way| takes_a_key(way));
    let own = config.text(&format!("providers.{id}.api_key_env"));
    let from_own = own.and_then(|name| from_variable(name, first?, environment));
    from_own
        .or_else(|| manifest.auth.ways().find_map(|way| from_environment(way, environment)))
        .or_else(|| kept(id, first?, store))
        .or_else(|| {
            let command = config.text(&format!("providers.{id}.key_command"))?;
            Some(Found {
                source: format!("providers.{id}.key_command in your configuration"),
                way: first?.clone(),
                shared: false,
                place: Place::Command(command.to_string()),
            })
        })
        .or_else(|| manifest.auth.ways().find_map(|way| from_cloud_files(way, environment)))
}

fn takes_a_key(way: &Auth) -> bool {
    matches!(way.scheme, Scheme::Bearer | Scheme::Header | Scheme::Query)
}

fn from_environment(way: &Auth, environment: &Environment) -> Option<Found> {
    match way.scheme {
        Scheme::Bearer | Scheme::Header | Scheme::Query => {
            way.env.iter().find_map(|name| from_variable(name, way, environment))
        }
        Scheme::AwsSigv4 => {
            let (credential, source) = cloud::aws_from_environment(environment)?;
            let place = Place::AtHand(credential);
            Some(Found { source, way: way.clone(), shared: false, place })
        }
        Scheme::GoogleAdc => {
            let file = cloud::google_from_environment(environment)?;
            let source = format!("GOOGLE_APPLICATION_CREDENTIALS: {}", file.path.display());
            Some(Found { source, way: way.clone(), shared: false, place: Place::Google(file) })
        }
        Scheme::None => None,
    }
}

fn from_variable(name: &str, way: &Auth, environment: &Environment) -> Option<Found> {
    let (value, source) = environment.var_with_source(name)?;
    if key::is_placeholder(value) {
        return None;
    }
    let source = match source {
        VarSource::Process => name.to_string(),
        VarSource::UserFile(path) | VarSource::ProjectFile(path) => {
            format!("{name} in {}", path.display())
        }
    };
    let place = Place::AtHand(Secret::new(value.trim()).into());
    Some(Found { source, way: way.clone(), shared: false, place })
}

fn kept(id: &str, way: &Auth, store: &Store) -> Option<Found> {
    let (source, place) = match store.find(id)? {
        Kept::Keyring => {
            ("the system's keyring".to_string(), Place::Keyring { provider: id.to_string() })
        }
        Kept::Key(secret) => {
            (store.path().display().to_string(), Place::AtHand(secret.clone().into()))
        }
    };
    Some(Found { source, way: way.clone(), shared: false, place })
}

/// What the clouds' own tools left: it is there for everybody, so it decides nothing by itself.
fn from_cloud_files(way: &Auth, environment: &Environment) -> Option<Found> {
    let (source, place) = match way.scheme {
        Scheme::AwsSigv4 => {
            let file = cloud::aws_file(environment)?;
            (format!("profile {} in {}", file.profile, file.path.display()), Place::Aws(file))
        }
        Scheme::GoogleAdc => {
            let file = cloud::google_file(environment)?;
            (file.path.display().to_string(), Place::Google(file))
        }
        _ => return None,
    };
    Some(Found { source, way: way.clone(), shared: true, place })
}

impl Found {
    /// The secrets that are known without asking anybody.
    pub(crate) fn secrets_at_hand(&self) -> Vec<String> {
        match &self.place {
            Place::AtHand(credential) => {
                credential.secrets().into_iter().map(|secret| secret.expose().into()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Fetches it.
    pub fn load(&self) -> Result<Credential, LoadError> {
        match &self.place {
            Place::AtHand(credential) => Ok(credential.clone()),
            Place::Keyring { provider } => keyring::load(provider)
                .map(Credential::Key)
                .map_err(|source| LoadError::Keyring { provider: provider.clone(), source }),
            Place::Command(command) => {
                helper::run(command).map(Credential::Key).map_err(|source| {
                    let provider = self.source.split('.').nth(1).unwrap_or_default().to_string();
                    LoadError::Helper { provider, source }
                })
            }
            Place::Aws(file) => file.load(),
            Place::Google(file) => file.load(),
        }
    }
}
