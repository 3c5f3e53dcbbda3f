//! Loads a provider plugin.

use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use super::bindings::provider;
use super::cache::Cache;
use super::gate::{self, GateError};
use super::limits::GuestState;
use super::ticker::Ticker;
use crate::manifest::{Manifest, ManifestError, PluginKind};

/// Maximum size of a component.
const COMPONENT_BYTES_MAX: usize = 32 << 20;

/// Why a plugin cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadPluginError {
    /// The component is too large.
    #[error("the component has {0} bytes; the limit is {COMPONENT_BYTES_MAX}")]
    TooLarge(usize),
    /// The manifest is missing or invalid.
    #[error("its manifest is not valid")]
    Manifest(#[from] ManifestError),
    /// The plugin is of another kind.
    #[error("plugin {plugin} is an {kind}, but an {wanted} is needed here")]
    Kind {
        /// Id and version.
        plugin: String,
        /// The plugin's kind.
        kind: &'static str,
        /// The required kind.
        wanted: &'static str,
    },
    /// The import gate refused the component.
    #[error("plugin {plugin} is not allowed")]
    Gate {
        /// Id and version.
        plugin: String,
        /// The reason.
        #[source]
        source: GateError,
    },
    /// The plugin was built against another version of the contract.
    #[error(
        "plugin {plugin} was built against another version of the contract: {}; build it against wit/{contract}.wit of this version, or use the version of massgen that it was built for",
        differences.join("; ")
    )]
    Skew {
        /// Id and version.
        plugin: String,
        /// Name of the contract's file in `wit/`.
        contract: &'static str,
        /// The differences, item by item.
        differences: Vec<String>,
    },
    /// Compiling or linking failed.
    #[error("failed to compile or link plugin {plugin}: {why}")]
    Compile {
        /// Id and version.
        plugin: String,
        /// The reason.
        why: String,
    },
    /// The component claims another identity than its manifest.
    #[error(
        "plugin {plugin} identifies itself as {claimed}: its manifest is forged or out of date"
    )]
    Identity {
        /// Id and version in the manifest.
        plugin: String,
        /// Id and version from `describe`.
        claimed: String,
    },
    /// The component failed to describe itself.
    #[error("plugin {plugin} failed to identify itself: {why}")]
    Describe {
        /// Id and version.
        plugin: String,
        /// The reason.
        why: String,
    },
}

/// A provider plugin that is ready to be connected.
#[derive(Clone)]
pub struct LoadedPlugin {
    pub(crate) inner: Arc<PluginInner>,
}

/// The parts of a plugin that its exchanges share.
pub(crate) struct PluginInner {
    pub(crate) manifest: Manifest,
    pub(super) instance: InstancePre<GuestState>,
    pub(super) model: provider::analyzer_model::GuestIndices,
    pub(super) catalog: Option<provider::model_catalog::GuestIndices>,
    pub(super) counter: Option<provider::token_counter::GuestIndices>,
    pub(super) ticker: Arc<Ticker>,
}

impl std::fmt::Debug for LoadedPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedPlugin")
            .field("manifest", &self.inner.manifest)
            .finish_non_exhaustive()
    }
}

impl LoadedPlugin {
    /// The plugin's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// Returns the same plugin with another manifest: that of one of its services, or of a configured provider.
    pub fn as_provider(&self, manifest: Manifest) -> Self {
        let inner = PluginInner {
            manifest,
            instance: self.inner.instance.clone(),
            model: self.inner.model.clone(),
            catalog: self.inner.catalog.clone(),
            counter: self.inner.counter.clone(),
            ticker: self.inner.ticker.clone(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Whether the plugin can list its service's models.
    pub fn has_catalog(&self) -> bool {
        self.inner.catalog.is_some()
    }

    /// Whether the plugin can have its service count a prompt's tokens.
    pub fn has_counter(&self) -> bool {
        self.inner.counter.is_some()
    }
}

pub(super) fn load(
    engine: &Engine,
    cache: Option<&Cache>,
    ticker: &Arc<Ticker>,
    bytes: &[u8],
) -> Result<LoadedPlugin, LoadPluginError> {
    let admitted = admit(engine, cache, bytes, PluginKind::AnalyzerModel)?;
    let Admitted { manifest, surface, component } = admitted;
    let plugin = manifest.label();
    let failed = |error: wasmtime::Error| LoadPluginError::Compile {
        plugin: plugin.clone(),
        why: format!("{error:#}"),
    };
    let skewed = |error| explain_skew(error, &plugin, bytes, PluginKind::AnalyzerModel);
    let instance = linked(engine, &component).map_err(failed)?;
    let model = provider::analyzer_model::GuestIndices::new(&instance).map_err(failed)?;
    let catalog = surface
        .exports(gate::CATALOG)
        .then(|| provider::model_catalog::GuestIndices::new(&instance))
        .transpose()
        .map_err(failed)?;
    let counter = surface
        .exports(gate::COUNTER)
        .then(|| provider::token_counter::GuestIndices::new(&instance))
        .transpose()
        .map_err(failed)?;
    let ticker = ticker.clone();
    let inner = Arc::new(PluginInner { manifest, instance, model, catalog, counter, ticker });
    identify(&inner).map_err(skewed)?;
    Ok(LoadedPlugin { inner })
}

/// Replaces an error with the differences between the contracts, if there are any: wasmtime only reports that types
/// differ.
pub(super) fn explain_skew(
    error: LoadPluginError,
    plugin: &str,
    bytes: &[u8],
    kind: PluginKind,
) -> LoadPluginError {
    let (LoadPluginError::Describe { .. } | LoadPluginError::Compile { .. }) = &error else {
        return error;
    };
    match super::skew::differences(bytes, kind) {
        differences if differences.is_empty() => error,
        differences => {
            LoadPluginError::Skew { plugin: plugin.into(), contract: kind.as_str(), differences }
        }
    }
}

/// A component of the right kind, checked and compiled.
pub(super) struct Admitted {
    pub(super) manifest: Manifest,
    pub(super) surface: gate::Surface,
    pub(super) component: Component,
}

/// Checks a component's manifest and imports, and compiles it unless the cache has it.
pub(super) fn admit(
    engine: &Engine,
    cache: Option<&Cache>,
    bytes: &[u8],
    wanted: PluginKind,
) -> Result<Admitted, LoadPluginError> {
    if bytes.len() > COMPONENT_BYTES_MAX {
        return Err(LoadPluginError::TooLarge(bytes.len()));
    }
    let manifest = Manifest::from_component(bytes)?;
    let plugin = manifest.label();
    if manifest.kind != wanted {
        let (kind, wanted) = (manifest.kind.as_str(), wanted.as_str());
        return Err(LoadPluginError::Kind { plugin, kind, wanted });
    }
    let surface = gate::inspect(bytes, wanted)
        .map_err(|source| LoadPluginError::Gate { plugin: plugin.clone(), source })?;
    let component = match cache.and_then(|cache| cache.load(engine, bytes)) {
        Some(component) => component,
        None => {
            let component = Component::new(engine, bytes)
                .map_err(|error| LoadPluginError::Compile { plugin, why: format!("{error:#}") })?;
            if let Some(cache) = cache {
                cache.store(bytes, &component);
            }
            component
        }
    };
    Ok(Admitted { manifest, surface, component })
}

/// Links the only interface that may be imported, with or without companions.
fn linked(engine: &Engine, component: &Component) -> wasmtime::Result<InstancePre<GuestState>> {
    let mut linker = Linker::<GuestState>::new(engine);
    provider::massgen::analyzer_model::diagnostics::add_to_linker::<_, HasSelf<GuestState>>(
        &mut linker,
        |state| state,
    )?;
    linker.instantiate_pre(component)
}

/// Checks that the component claims the identity of its manifest, to which grants are bound.
fn identify(inner: &Arc<PluginInner>) -> Result<(), LoadPluginError> {
    let plugin = inner.manifest.label();
    let failed = |error: super::guest::GuestError| LoadPluginError::Describe {
        plugin: plugin.clone(),
        why: error.to_string(),
    };
    let claimed = super::guest::describe(inner).map_err(failed)?;
    if claimed == plugin { Ok(()) } else { Err(LoadPluginError::Identity { plugin, claimed }) }
}
