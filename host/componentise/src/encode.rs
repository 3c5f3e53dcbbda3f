//! Turns a module into a component with its manifest embedded, so that one hash covers both.

use std::borrow::Cow;

use wasm_encoder::{ComponentSection as _, CustomSection};

/// The custom section that holds the manifest.
pub const SECTION: &str = "massgen:manifest";

/// An error that prevents a module from becoming a plugin.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The module has no contract, or does not implement it.
    #[error("the module cannot be made a component: {0}")]
    Component(String),
    /// The component imports something other than diagnostics.
    #[error("the component imports {0}, but a plugin may import only diagnostics")]
    Import(String),
}

/// Turns a module into a component, checks its imports and appends the manifest.
pub fn componentise(module: &[u8], manifest: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut component = wit_component::ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| EncodeError::Component(format!("{error:#}")))?;
    check_imports(&component).map_err(EncodeError::Import)?;
    embed(&mut component, manifest);
    Ok(component)
}

/// Appends a manifest to a component.
pub fn embed(component: &mut Vec<u8>, manifest: &[u8]) {
    let section = CustomSection { name: SECTION.into(), data: Cow::Borrowed(manifest) };
    section.append_to_component(component);
}

fn check_imports(component: &[u8]) -> Result<(), String> {
    let mut depth = 0;
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.map_err(|error| error.to_string())? {
            wasmparser::Payload::ModuleSection { .. }
            | wasmparser::Payload::ComponentSection { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth -= 1,
            wasmparser::Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    let name = import.map_err(|error| error.to_string())?.name.name.to_string();
                    if !name.contains("/diagnostics@") {
                        return Err(name);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
