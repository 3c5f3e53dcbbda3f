//! Guests for tests, built like other plugins.

/// A provider that misbehaves as the model's name says.
pub static MISBEHAVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehave.wasm"));

/// A strategy that breaks the contract as a setting says.
pub static MISCHIEF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mischief.wasm"));

/// A provider built against the first published contract, without companions.
pub static PLAIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plain.wasm"));

/// A correct provider, except for the fault that a setting names.
pub static FAULTY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/faulty.wasm"));

/// The template of `massgen plugin new --like openai-chat`.
pub static TEMPLATE_CHAT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/template-chat.wasm"));

/// Returns a component with a manifest appended.
pub fn with_manifest(component: &[u8], manifest: &str) -> Vec<u8> {
    let mut bytes = component.to_vec();
    massgen_componentise::embed(&mut bytes, manifest.as_bytes());
    bytes
}
