//! The top-level sections of a component. Nested modules and components are skipped: they make up nearly all of
//! its bytes, and their sections say nothing about the component.

use wasmparser::{BinaryReaderError, Chunk, Parser, Payload};

/// Calls `visit` for each top-level section; stops at the first malformed one.
pub(crate) fn visit<'a>(
    mut component: &'a [u8],
    mut visit: impl FnMut(Payload<'a>) -> Result<(), BinaryReaderError>,
) -> Result<(), BinaryReaderError> {
    let mut parser = Parser::new(0);
    loop {
        let (consumed, payload) = match parser.parse(component, true)? {
            Chunk::Parsed { consumed, payload } => (consumed, payload),
            // Never happens with complete input; looping here would not end.
            Chunk::NeedMoreData(_) => return Ok(()),
        };
        let inner = match &payload {
            Payload::ModuleSection { unchecked_range, .. }
            | Payload::ComponentSection { unchecked_range, .. } => {
                unchecked_range.end - unchecked_range.start
            }
            _ => 0,
        };
        let is_end = matches!(payload, Payload::End(_));
        visit(payload)?;
        if is_end {
            return Ok(());
        }
        component = component.get(consumed.saturating_add(inner)..).unwrap_or_default();
    }
}
