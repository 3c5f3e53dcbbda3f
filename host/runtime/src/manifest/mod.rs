//! What a plugin says of itself and asks for: `plugin.toml`, embedded in the component. Reading it needs
//! no wasmtime.

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
    /// Version of this format: 1.
    pub schema: u32,
    /// `[a-z][a-z0-9-]{1,39}`.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// Which contract it implements.
    pub kind: Kind,
    /// SPDX expression.
    #[serde(default)]
    pub license: Option<String>,
    /// Where its source is.
    #[serde(default)]
    pub repository: Option<String>,
    /// Other ids that users may type.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The model that is taken when only the provider is known.
    #[serde(default)]
    pub default_model: Option<String>,
    /// Where requests may go.
    #[serde(default, rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
    /// How the credential is sent.
    #[serde(default)]
    pub auth: Auth,
    /// Values that reach the plugin.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Limits below the host's.
    #[serde(default)]
    pub limits: Limits,
    /// Services that the plugin speaks for, each a provider of its own. With none, the plugin is the provider.
    #[serde(default, rename = "service")]
    pub services: Vec<Service>,
    /// Endings of a base URL that paths repeat; they are taken off.
    #[serde(default)]
    pub base_endings: Vec<String>,
    /// Id and version of the plugin that speaks for this service.
    #[serde(skip)]
    pub family: Option<String>,
}

/// The contract that a plugin implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A provider of models.
    AnalyzerModel,
    /// A way to make a workspace.
    IsolationStrategy,
}

impl Kind {
    /// The word of the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnalyzerModel => "analyzer-model",
            Self::IsolationStrategy => "isolation-strategy",
        }
    }
}

/// A place that requests may go to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endpoint {
    /// What the plugin calls it.
    pub name: String,
    /// Its base URL: what the vendor's own SDK takes.
    pub base: String,
    /// Variable that overrides the base URL.
    #[serde(default)]
    pub base_env: Option<String>,
    /// `GET` and `POST`.
    pub methods: Vec<String>,
    /// Patterns of paths; `*` matches one or more characters other than `/`.
    pub paths: Vec<String>,
}

/// How the credential is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Auth {
    /// Where it is put.
    #[serde(default)]
    pub scheme: Scheme,
    /// Name of the header or query parameter, for `header` and `query`.
    #[serde(default)]
    pub name: Option<String>,
    /// Variables that may hold it; the first that is set wins.
    #[serde(default)]
    pub env: Vec<String>,
    /// The service works without it too.
    #[serde(default)]
    pub optional: bool,
    /// Other ways, taken in order where the ones before have no credential.
    #[serde(default)]
    pub or: Vec<Auth>,
}

impl Auth {
    /// All ways, the strongest first.
    pub fn ways(&self) -> impl Iterator<Item = &Auth> {
        std::iter::once(self).chain(&self.or)
    }
}

/// Where the credential is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// There is none.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer,
    /// A header of its own.
    Header,
    /// A query parameter.
    Query,
    /// Every request is signed with an AWS access key (Signature Version 4); `name` is the AWS service.
    AwsSigv4,
    /// `Authorization: Bearer …` with a token that Google gives for application default credentials.
    GoogleAdc,
}

/// A value that the user may set and the plugin gets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// The value if nobody sets one.
    pub default: String,
    /// The values there are; empty: any.
    #[serde(default)]
    pub values: Vec<String>,
    /// Variable that sets it.
    #[serde(default)]
    pub env: Option<String>,
    /// Another one, looked at when the first is not set.
    #[serde(default)]
    pub other_env: Option<String>,
}

/// Limits below the host's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Memory in MiB.
    #[serde(default)]
    pub memory_mib: Option<u32>,
    /// Time of one call in milliseconds.
    #[serde(default)]
    pub call_ms: Option<u32>,
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The component carries none.
    #[error("the component carries no section {SECTION}: build it with the manifest embedded")]
    Missing,
    /// The component carries several; which one is meant can't be told.
    #[error("the component carries more than one section {SECTION}")]
    Several,
    /// The file is no WebAssembly.
    #[error("it is not a WebAssembly component")]
    NotAComponent(#[source] wasmparser::BinaryReaderError),
    /// It is no TOML, or has unknown or missing keys.
    #[error("plugin.toml can't be understood")]
    Syntax(#[source] toml::de::Error),
    /// A setting would hand a key to the plugin.
    #[error(
        "plugin.toml: the setting {setting:?} reads {env}, which holds a key by its name: keys never reach a plugin"
    )]
    Secret {
        /// The setting.
        setting: String,
        /// The variable.
        env: String,
    },
    /// A value breaks a rule.
    #[error("plugin.toml: {0}")]
    Invalid(String),
}

impl Manifest {
    /// Reads and checks a manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(ManifestError::Syntax)?;
        validate::check(&manifest).map_err(ManifestError::Invalid)?;
        validate::check_secrets(&manifest)?;
        Ok(manifest)
    }

    /// Reads the manifest that a component carries.
    pub fn from_component(component: &[u8]) -> Result<Self, ManifestError> {
        Self::parse(&section::find(component)?)
    }

    /// `openai 0.1.0`, or `groq (openai-compatible 0.1.0)`, for messages.
    pub fn label(&self) -> String {
        match &self.family {
            Some(family) => format!("{} ({family})", self.id),
            None => format!("{} {}", self.id, self.version),
        }
    }
}
