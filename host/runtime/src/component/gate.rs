//! The import gate: checks a component's imports and exports before it is compiled.

use crate::manifest::PluginKind;
use crate::sections;

/// Companions that a component may export.
pub(super) const CATALOG: &str = "massgen:analyzer-model/model-catalog@0.1.0";
pub(super) const COUNTER: &str = "massgen:token-counter/token-counter@0.1.0";

/// The imports and exports of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    /// Names of the imports.
    pub imports: Vec<String>,
    /// Names of the exports.
    pub exports: Vec<String>,
}

/// Why a component is not allowed.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The bytes are not a component.
    #[error("it is not a valid WebAssembly component")]
    Malformed(#[source] wasmparser::BinaryReaderError),
    /// The bytes are a core module.
    #[error("it is a core module, not a component: build it with `wit-component`")]
    Module,
    /// The component imports something other than diagnostics.
    #[error("it imports `{import}`, but plugins may import only diagnostics; {fix}")]
    Import {
        /// The import's name.
        import: String,
        /// How to fix it.
        fix: &'static str,
    },
    /// The component does not implement the contract.
    #[error(
        "it exports {found}, but this program requires `{wanted}`; build it against wit/{contract}.wit of this version"
    )]
    Contract {
        /// The component's exports.
        found: String,
        /// The required export.
        wanted: &'static str,
        /// Name of the contract's file in `wit/`.
        contract: &'static str,
    },
}

/// Returns the one interface that a plugin of this kind may import, which carries no authority, and the one it must
/// export.
fn contract(kind: PluginKind) -> (&'static str, &'static str) {
    match kind {
        PluginKind::AnalyzerModel => {
            ("massgen:analyzer-model/diagnostics@", "massgen:analyzer-model/analyzer-model@0.1.0")
        }
        PluginKind::IsolationStrategy => (
            "massgen:isolation-strategy/diagnostics@",
            "massgen:isolation-strategy/isolation-strategy@0.1.0",
        ),
    }
}

impl Surface {
    /// Whether the component exports an interface.
    pub(super) fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export == name)
    }
}

/// Checks a component's imports and exports against the contract of a kind.
pub(super) fn inspect(component: &[u8], kind: PluginKind) -> Result<Surface, GateError> {
    let surface = surface(component)?;
    let (allowed, wanted) = contract(kind);
    surface.imports.iter().try_for_each(|import| check(import, allowed))?;
    if !surface.exports(wanted) {
        let found =
            if surface.exports.is_empty() { "nothing".into() } else { surface.exports.join(", ") };
        return Err(GateError::Contract { found, wanted, contract: kind.as_str() });
    }
    Ok(surface)
}

/// Reads a component's imports and exports.
pub fn surface(component: &[u8]) -> Result<Surface, GateError> {
    use wasmparser::{Encoding, Payload};
    let (mut surface, mut module) = (Surface::default(), false);
    sections::visit(component, |section| {
        match section {
            Payload::Version { encoding: Encoding::Module, .. } => module = true,
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    surface.imports.push(import?.name.name.to_string());
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    surface.exports.push(export?.name.name.to_string());
                }
            }
            _ => {}
        }
        Ok(())
    })
    .map_err(GateError::Malformed)?;
    if module { Err(GateError::Module) } else { Ok(surface) }
}

fn check(import: &str, allowed: &str) -> Result<(), GateError> {
    if import.starts_with(allowed) {
        return Ok(());
    }
    let fix = if import.starts_with("wasi:") {
        "build it for wasm32-unknown-unknown, which does not need WASI"
    } else {
        "pass the data it needs as values"
    };
    Err(GateError::Import { import: import.chars().take(200).collect(), fix })
}
