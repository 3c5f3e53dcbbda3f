//! A plugin's manifest: `plugin.toml`, embedded in the component. Reading it does not need wasmtime.

mod section;
mod service;
mod validate;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use section::SECTION;
pub use service::Service;

/// A plugin's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Version of the manifest format: 1.
    pub schema: u32,
    /// `[a-z][a-z0-9-]{1,39}`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// The contract that the plugin implements.
    pub kind: PluginKind,
    /// SPDX expression.
    #[serde(default)]
    pub license: Option<String>,
    /// Address of the source code.
    #[serde(default)]
    pub repository: Option<String>,
    /// Other ids that users can type.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The model to use when only the provider is known.
    #[serde(default)]
    pub default_model: Option<String>,
    /// The only addresses that the plugin may send to.
    #[serde(default, rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
    /// How the credential is sent.
    #[serde(default)]
    pub auth: Auth,
    /// Settings that are passed to the plugin.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Limits that are lower than the host's.
    #[serde(default)]
    pub limits: Limits,
    /// Services that share the plugin; each is a separate provider. If empty, the plugin is the provider.
    #[serde(default, rename = "service")]
    pub services: Vec<Service>,
    /// Suffixes to remove from a user's base URL because the paths repeat them.
    #[serde(default)]
    pub base_endings: Vec<String>,
    /// Id and version of the plugin, in the manifest of one of its services.
    #[serde(skip)]
    pub family: Option<String>,
}

/// The contract that a plugin implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    /// A provider of models.
    AnalyzerModel,
    /// A strategy for creating workspaces.
    IsolationStrategy,
}

impl PluginKind {
    /// Returns the word used in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnalyzerModel => "analyzer-model",
            Self::IsolationStrategy => "isolation-strategy",
        }
    }
}

/// An address that the plugin may send to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endpoint {
    /// The plugin's name for the endpoint.
    pub name: String,
    /// The base URL, as in the vendor's SDK.
    pub base: String,
    /// Environment variable that overrides the base URL.
    #[serde(default)]
    pub base_env: Option<String>,
    /// Allowed methods: `GET`, `POST`.
    pub methods: Vec<String>,
    /// Patterns of allowed paths; `*` matches one or more characters other than `/`.
    pub paths: Vec<String>,
}

/// How the credential is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Auth {
    /// Where the credential goes.
    #[serde(default)]
    pub scheme: Scheme,
    /// Name of the header or query parameter, for `header` and `query`.
    #[serde(default)]
    pub name: Option<String>,
    /// Environment variables that may hold it; the first one that is set wins.
    #[serde(default)]
    pub env: Vec<String>,
    /// The service also works without a credential.
    #[serde(default)]
    pub optional: bool,
    /// Alternatives, tried in order if there is no credential for the ones before.
    #[serde(default)]
    pub or: Vec<Auth>,
}

impl Auth {
    /// Returns all ways to authenticate, in order of precedence.
    pub fn ways(&self) -> impl Iterator<Item = &Auth> {
        std::iter::once(self).chain(&self.or)
    }
}

/// Where the credential goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// There is no credential.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer,
    /// Another header.
    Header,
    /// A query parameter.
    Query,
    /// Every request is signed with an AWS access key (Signature Version 4); `name` is the AWS service.
    AwsSigv4,
    /// `Authorization: Bearer …` with a token for Google's application default credentials.
    GoogleAdc,
}

/// A setting that is passed to the plugin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// The default value.
    pub default: String,
    /// The allowed values; if empty, any value.
    #[serde(default)]
    pub values: Vec<String>,
    /// Environment variable that sets it.
    #[serde(default)]
    pub env: Option<String>,
    /// Another environment variable, used if the first is not set.
    #[serde(default)]
    pub other_env: Option<String>,
}

/// Limits that are lower than the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Maximum memory in MiB.
    #[serde(default)]
    pub memory_mib: Option<u32>,
    /// Maximum time of one call in milliseconds.
    #[serde(default)]
    pub call_ms: Option<u32>,
}

/// Why a manifest is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The component has no manifest.
    #[error("the component has no section {SECTION}: build it with the manifest embedded")]
    Missing,
    /// The component has several manifests.
    #[error("the component has more than one section {SECTION}")]
    Several,
    /// The bytes are not a WebAssembly component.
    #[error("it is not a WebAssembly component")]
    NotAComponent(#[source] wasmparser::BinaryReaderError),
    /// The manifest is not TOML, or has unknown or missing keys.
    #[error("failed to parse plugin.toml")]
    Syntax(#[source] toml::de::Error),
    /// A setting would pass a key to the plugin.
    #[error(
        "plugin.toml: the setting {setting:?} reads {env}, which appears to hold a key: keys never reach a plugin"
    )]
    Secret {
        /// The setting.
        setting: String,
        /// The variable.
        env: String,
    },
    /// A value is not valid.
    #[error("plugin.toml: {0}")]
    Invalid(String),
}

impl Manifest {
    /// Parses and checks a manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(ManifestError::Syntax)?;
        validate::check(&manifest).map_err(ManifestError::Invalid)?;
        validate::check_secrets(&manifest)?;
        Ok(manifest)
    }

    /// Reads the manifest embedded in a component.
    pub fn from_component(component: &[u8]) -> Result<Self, ManifestError> {
        Self::parse(&section::find(component)?)
    }

    /// Returns `openai 0.1.0`, or `groq (openai-compatible 0.1.0)`, for messages.
    pub fn label(&self) -> String {
        match &self.family {
            Some(family) => format!("{} ({family})", self.id),
            None => format!("{} {}", self.id, self.version),
        }
    }
}
