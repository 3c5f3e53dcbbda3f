//! Runs plugins: loads components, enforces their limits, and performs the HTTP exchanges that they describe. No
//! other crate uses wasmtime or reqwest.

pub mod component;
pub mod credential;
mod exchange;
pub mod manifest;
mod provider;
pub mod rehearsal;
pub mod secret;
mod sections;
mod sentinel;
mod settings;
mod transport;

pub use component::{
    ComponentStrategy, GateError, LoadPluginError, LoadedPlugin, Runtime, RuntimeOptions,
    StartError, Surface, surface,
};
pub use credential::Credential;
pub use provider::{ComponentProvider, ConnectError, Connection, HttpOptions, LogSink};
pub use secret::Secret;
pub use settings::SettingError;
pub use transport::endpoint::{BaseUrlError, base_url};
pub use transport::framing::{Frame, Framing};
pub use transport::outgoing::PluginRequest;

/// Returns the BLAKE3 hash that identifies a component, in hex.
pub fn component_hash(component: &[u8]) -> String {
    blake3::hash(component).to_hex().to_string()
}
