//! Plugins at work: loading components, holding them to their limits, and performing the HTTP exchanges
//! that they describe. wasmtime and reqwest are used here and nowhere else.

pub mod component;
pub mod credential;
mod exchange;
pub mod manifest;
mod provider;
mod questions;
pub mod rehearsal;
pub mod secret;
mod sections;
mod sentinel;
mod transport;

pub use component::{
    ComponentStrategy, GateError, LoadPluginError, LoadedPlugin, Runtime, RuntimeOptions,
    StartError, Surface, surface,
};
pub use credential::Credential;
pub use provider::{ComponentProvider, ConnectError, Connection, HttpOptions, LogSink};
pub use secret::Secret;
pub use transport::endpoint::{BaseUrlError, base_url};
pub use transport::framing::{Frame, Framing};

/// The hash that names a component: BLAKE3, in hex.
pub fn component_hash(component: &[u8]) -> String {
    blake3::hash(component).to_hex().to_string()
}
