//! The bundled plugins: each is embedded as the bytes of a component and the text of its manifest. Nothing is loaded
//! here.

/// A plugin that ships with the program.
#[derive(Debug, Clone, Copy)]
pub struct BundledPlugin {
    /// Equal to `id` in the manifest.
    pub id: &'static str,
    /// The text of `plugin.toml`, which the component contains too.
    pub manifest_toml: &'static str,
    /// The component.
    pub component: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
