//! The custom section that carries a manifest.

use super::ManifestError;

/// Name of the section.
pub const SECTION: &str = "massgen:manifest";

/// The section's text. Only the component's own sections count, not those of modules within it.
pub(super) fn find(component: &[u8]) -> Result<String, ManifestError> {
    let mut found: Option<String> = None;
    let mut depth = 0;
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.map_err(ManifestError::NotAComponent)? {
            wasmparser::Payload::ModuleSection { .. }
            | wasmparser::Payload::ComponentSection { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth -= 1,
            wasmparser::Payload::CustomSection(section)
                if depth == 0 && section.name() == SECTION =>
            {
                let text = String::from_utf8_lossy(section.data()).into_owned();
                if found.replace(text).is_some() {
                    return Err(ManifestError::Several);
                }
            }
            _ => {}
        }
    }
    found.ok_or(ManifestError::Missing)
}
