//! The import gate: what a component may ask for, decided before it is compiled.

use crate::manifest::Kind;
use crate::sections;

/// The companions that a component may export.
pub(super) const CATALOG: &str = "massgen:analyzer-model/model-catalog@0.1.0";
pub(super) const COUNTER: &str = "massgen:token-counter/token-counter@0.1.0";

/// What a look at a component tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    /// Names of what it asks for.
    pub imports: Vec<String>,
    /// Names of what it offers.
    pub exports: Vec<String>,
}

/// Why a component is not let in.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The bytes are no component.
    #[error("it is not a valid WebAssembly component")]
    Malformed(#[source] wasmparser::BinaryReaderError),
    /// It is a core module.
    #[error("it is a core module, not a component: build it with `wit-component`")]
    Module,
    /// It asks for something.
    #[error("it imports `{import}`, and a plugin may import nothing but diagnostics; {fix}")]
    Import {
        /// The import's name.
        import: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// It does not implement the contract.
    #[error(
        "it exports {found}, and this program needs `{wanted}`; build it against wit/{contract}.wit of this version"
    )]
    Contract {
        /// What it exports.
        found: String,
        /// What is needed.
        wanted: &'static str,
        /// The contract's file.
        contract: &'static str,
    },
}

/// The one interface that a plugin of a kind may import, which carries no authority, and the one that it
/// must export.
fn contract(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::AnalyzerModel => {
            ("massgen:analyzer-model/diagnostics@", "massgen:analyzer-model/analyzer-model@0.1.0")
        }
        Kind::IsolationStrategy => (
            "massgen:isolation-strategy/diagnostics@",
            "massgen:isolation-strategy/isolation-strategy@0.1.0",
        ),
    }
}

impl Surface {
    /// Whether it offers an interface.
    pub(super) fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export == name)
    }
}

/// Looks at a component's imports and exports, and lets in what a plugin of the kind may be.
pub(super) fn inspect(component: &[u8], kind: Kind) -> Result<Surface, GateError> {
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

/// Looks at a component's imports and exports.
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
        "build it for wasm32-unknown-unknown, whose guests need no WASI"
    } else {
        "what it needs must reach it as a value"
    };
    Err(GateError::Import { import: import.chars().take(200).collect(), fix })
}
