//! Components in wasmtime: engine, import gate, cache of compiled code, limits, and one new store per exchange.

mod bindings;
mod cache;
mod companion;
mod convert;
mod gate;
mod guest;
mod limits;
mod plugin;
mod skew;
mod strategy;
mod ticker;

use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use companion::{count_request, count_response, list_request, list_response};
pub(crate) use convert::to_failure;
pub use gate::{GateError, Surface, surface};
pub(crate) use guest::{Context, FollowUp, Guest, GuestError, explain, models};
pub(crate) use limits::DiagnosticLine;
pub(crate) use plugin::PluginInner;
pub use plugin::{LoadPluginError, LoadedPlugin};
pub use strategy::ComponentStrategy;
use ticker::Ticker;

/// Options of the runtime.
#[derive(Debug, Clone, Default)]
pub struct RuntimeOptions {
    /// Directory for compiled components, `…/massgen`; `None` to compile every time.
    pub cache_dir: Option<PathBuf>,
}

/// The engine failed to start.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine failed to start: {0:#}")]
pub struct StartError(wasmtime::Error);

/// The WebAssembly engine with its cache. Starting it takes a fraction of a millisecond and no thread.
pub struct Runtime {
    engine: wasmtime::Engine,
    ticker: Arc<Ticker>,
    cache: Option<cache::Cache>,
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Runtime {
    /// Starts the engine.
    pub fn new(options: &RuntimeOptions) -> Result<Self, StartError> {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true).max_wasm_stack(1 << 20).wasm_backtrace_max_frames(None);
        let engine = wasmtime::Engine::new(&config).map_err(StartError)?;
        let ticker = Arc::new(Ticker::new(engine.weak()));
        let cache = options.cache_dir.as_ref().map(|dir| cache::Cache::new(dir, &engine));
        Ok(Self { engine, ticker, cache })
    }

    /// Loads a provider: checks its manifest and imports, and compiles it unless the cache has it.
    pub fn load(&self, component: &[u8]) -> Result<LoadedPlugin, LoadPluginError> {
        plugin::load(&self.engine, self.cache.as_ref(), &self.ticker, component)
    }

    /// Loads a strategy in the same way.
    pub fn load_strategy(&self, component: &[u8]) -> Result<ComponentStrategy, LoadPluginError> {
        strategy::load(&self.engine, self.cache.as_ref(), &self.ticker, component)
    }
}
