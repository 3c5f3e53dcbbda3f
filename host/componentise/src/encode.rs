//! A component of a module, with its manifest inside: one hash covers code and claims.

/// Custom section that carries the manifest.
pub const SECTION: &str = "massgen:manifest";

/// Why a module can't be made a plugin.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// It carries no contract, or one that it does not implement.
    #[error("the module can't be made a component: {0}")]
    Component(String),
    /// It asks for something.
    #[error("it imports {0}: a plugin may import nothing but diagnostics")]
    Import(String),
}

/// Makes a component of a module, checks what it imports, and appends the manifest.
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
    append_section(component, SECTION, manifest);
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

/// Section id 0, then the section's length, the name's length, name and content.
fn append_section(component: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut body = Vec::new();
    leb128(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(content);
    component.push(0);
    leb128(component, body.len());
    component.extend_from_slice(&body);
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        out.push(if value == 0 { byte } else { byte | 0x80 });
        if value == 0 {
            return;
        }
    }
}
