//! The guest that misbehaves on request, built like every plugin.

/// The component; the model's name says what it does.
pub static MISBEHAVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehave.wasm"));
