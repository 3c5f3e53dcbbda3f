//! A plugin that was let in.

use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use super::bindings::provider;
use super::cache::Cache;
use super::gate::{self, GateError};
use super::limits::GuestState;
use super::ticker::Ticker;
use crate::manifest::{Kind, Manifest, ManifestError};

/// A larger file is no plugin.
const COMPONENT_BYTES_MAX: usize = 32 << 20;

/// Why a plugin is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadPluginError {
    /// It is too large to look at.
    #[error("the component has {0} bytes; {COMPONENT_BYTES_MAX} are allowed")]
    TooLarge(usize),
    /// Its manifest is missing or refused.
    #[error("its manifest is refused")]
    Manifest(#[from] ManifestError),
    /// It implements another contract.
    #[error("plugin {plugin} is an {kind}, and an {wanted} is needed here")]
    Kind {
        /// Id and version.
        plugin: String,
        /// What it is.
        kind: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// It is not let in.
    #[error("plugin {plugin} is refused")]
    Gate {
        /// Id and version.
        plugin: String,
        /// Why.
        #[source]
        source: GateError,
    },
    /// It was built against another contract.
    #[error(
        "plugin {plugin} was built against another contract than this program's: {}; build it against wit/{contract}.wit of this version, or use the version of this program that it was built for",
        differences.join("; ")
    )]
    Skew {
        /// Id and version.
        plugin: String,
        /// The contract's file.
        contract: &'static str,
        /// What differs, item by item.
        differences: Vec<String>,
    },
    /// It can't be compiled or linked.
    #[error("plugin {plugin} can't be compiled or linked: {why}")]
    Compile {
        /// Id and version.
        plugin: String,
        /// Why, with what differs.
        why: String,
    },
    /// What it says of itself differs from its manifest.
    #[error("plugin {plugin} says that it is {said}: its manifest was forged or not updated")]
    Identity {
        /// Id and version of the manifest.
        plugin: String,
        /// Id and version of `describe`.
        said: String,
    },
    /// It crashed when it was asked who it is.
    #[error("plugin {plugin} failed when it was asked who it is: {why}")]
    Describe {
        /// Id and version.
        plugin: String,
        /// Why.
        why: String,
    },
}

/// A plugin that is ready to be connected.
#[derive(Clone)]
pub struct LoadedPlugin {
    pub(crate) shared: Arc<Shared>,
}

/// What all exchanges of a plugin share.
pub(crate) struct Shared {
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
            .field("manifest", &self.shared.manifest)
            .finish_non_exhaustive()
    }
}

impl LoadedPlugin {
    /// What the plugin says of itself and asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.shared.manifest
    }

    /// The same plugin as one of its services, or with a manifest that the user's configuration made of it.
    pub fn as_provider(&self, manifest: Manifest) -> Self {
        let shared = Shared {
            manifest,
            instance: self.shared.instance.clone(),
            model: self.shared.model.clone(),
            catalog: self.shared.catalog.clone(),
            counter: self.shared.counter.clone(),
            ticker: self.shared.ticker.clone(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Whether it can list its service's models.
    pub fn has_catalog(&self) -> bool {
        self.shared.catalog.is_some()
    }

    /// Whether it can have its service count a prompt's tokens.
    pub fn has_counter(&self) -> bool {
        self.shared.counter.is_some()
    }
}

pub(super) fn load(
    engine: &Engine,
    cache: Option<&Cache>,
    ticker: &Arc<Ticker>,
    bytes: &[u8],
) -> Result<LoadedPlugin, LoadPluginError> {
    let admitted = admit(engine, cache, bytes, Kind::AnalyzerModel)?;
    let Admitted { manifest, surface, component } = admitted;
    let plugin = manifest.label();
    let failed = |error: wasmtime::Error| LoadPluginError::Compile {
        plugin: plugin.clone(),
        why: format!("{error:#}"),
    };
    let skewed = |error| explain_skew(error, &plugin, bytes, Kind::AnalyzerModel);
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
    let shared = Arc::new(Shared { manifest, instance, model, catalog, counter, ticker });
    identify(&shared).map_err(skewed)?;
    Ok(LoadedPlugin { shared })
}

/// wasmtime says that types differ, but not which item of which contract: that is found here.
pub(super) fn explain_skew(
    error: LoadPluginError,
    plugin: &str,
    bytes: &[u8],
    kind: Kind,
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

/// Checks a component's manifest and imports, and compiles it unless that was done before.
pub(super) fn admit(
    engine: &Engine,
    cache: Option<&Cache>,
    bytes: &[u8],
    wanted: Kind,
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

/// The one interface that may be imported is the same with companions and without them.
fn linked(engine: &Engine, component: &Component) -> wasmtime::Result<InstancePre<GuestState>> {
    let mut linker = Linker::<GuestState>::new(engine);
    provider::massgen::analyzer_model::diagnostics::add_to_linker::<_, HasSelf<GuestState>>(
        &mut linker,
        |state| state,
    )?;
    linker.instantiate_pre(component)
}

/// The manifest is what grants are bound to: the code must not claim to be something else.
fn identify(shared: &Arc<Shared>) -> Result<(), LoadPluginError> {
    let plugin = shared.manifest.label();
    let failed = |error: super::guest::GuestError| LoadPluginError::Describe {
        plugin: plugin.clone(),
        why: error.to_string(),
    };
    let said = super::guest::describe(shared).map_err(failed)?;
    if said == plugin { Ok(()) } else { Err(LoadPluginError::Identity { plugin, said }) }
}
