//! Guests that misbehave on request, built like every plugin.

/// The component; the model's name says what it does.
pub static MISBEHAVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehave.wasm"));

/// The strategy that breaks the contract; a setting says how.
pub static MISCHIEF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mischief.wasm"));
