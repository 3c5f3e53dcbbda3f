//! Guests that misbehave on request, built like every plugin.

/// The component; the model's name says what it does.
pub static MISBEHAVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/misbehave.wasm"));

/// The strategy that breaks the contract; a setting says how.
pub static MISCHIEF: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/mischief.wasm"));

/// A provider built against the first published contract alone, without companions.
pub static PLAIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plain.wasm"));

/// A provider that is good but for one fault, which a setting names.
pub static FAULTY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/faulty.wasm"));

/// What `massgen plugin new --like openai-chat` begins with.
pub static TEMPLATE_CHAT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/template-chat.wasm"));

/// A component with a manifest in it, whatever else it is.
pub fn with_manifest(component: &[u8], manifest: &str) -> Vec<u8> {
    let mut bytes = component.to_vec();
    massgen_componentise::embed(&mut bytes, manifest.as_bytes());
    bytes
}
