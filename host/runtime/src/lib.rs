//! Plugins at work: loading components, holding them to their limits, and performing the HTTP exchanges
//! that they describe. wasmtime and reqwest are used here and nowhere else.

pub mod component;
pub mod credential;
mod exchange;
pub mod manifest;
mod provider;
pub mod secret;
mod transport;

pub use component::{
    ComponentStrategy, LoadPluginError, LoadedPlugin, Runtime, RuntimeOptions, StartError,
};
pub use credential::Credential;
pub use provider::{ComponentProvider, ConnectError, Connection, HttpOptions, LogSink};
pub use secret::Secret;
pub use transport::endpoint::{BaseUrlError, base_url};

/// The hash that names a component: BLAKE3, in hex.
pub fn component_hash(component: &[u8]) -> String {
    blake3::hash(component).to_hex().to_string()
}
