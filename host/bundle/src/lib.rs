//! The plugins of this repository, built and embedded. Nothing is read or started here: a component is
//! bytes, and its manifest is a text beside it.

/// A plugin that ships with the program.
#[derive(Debug, Clone, Copy)]
pub struct BundledPlugin {
    /// Equal to `id` in the manifest.
    pub id: &'static str,
    /// `plugin.toml`, as it is embedded in the component too.
    pub manifest_toml: &'static str,
    /// The component.
    pub component: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
