//! The custom section that holds a manifest.

use wasmparser::Payload;

use super::ManifestError;
use crate::sections;

/// Name of the section.
pub const SECTION: &str = "massgen:manifest";

/// Returns the section's text. Sections of nested modules do not count.
pub(super) fn find(component: &[u8]) -> Result<String, ManifestError> {
    let mut found: Vec<&[u8]> = Vec::new();
    sections::visit(component, |section| {
        if let Payload::CustomSection(section) = section
            && section.name() == SECTION
        {
            found.push(section.data());
        }
        Ok(())
    })
    .map_err(ManifestError::NotAComponent)?;
    match found[..] {
        [text] => Ok(String::from_utf8_lossy(text).into_owned()),
        [] => Err(ManifestError::Missing),
        _ => Err(ManifestError::Several),
    }
}
