//! The sections of a component itself. Modules and components within it are stepped over unread: whatever they
//! hold says nothing about the component, and they are nearly all of its bytes.

use wasmparser::{BinaryReaderError, Chunk, Parser, Payload};

/// Calls `visit` for each section, until one is malformed.
pub(crate) fn visit<'a>(
    mut component: &'a [u8],
    mut visit: impl FnMut(Payload<'a>) -> Result<(), BinaryReaderError>,
) -> Result<(), BinaryReaderError> {
    let mut parser = Parser::new(0);
    loop {
        let (consumed, payload) = match parser.parse(component, true)? {
            Chunk::Parsed { consumed, payload } => (consumed, payload),
            // Not said of what is whole; a parser that waits for more must not wait for ever.
            Chunk::NeedMoreData(_) => return Ok(()),
        };
        let inner = match &payload {
            Payload::ModuleSection { unchecked_range, .. }
            | Payload::ComponentSection { unchecked_range, .. } => {
                unchecked_range.end - unchecked_range.start
            }
            _ => 0,
        };
        let over = matches!(payload, Payload::End(_));
        visit(payload)?;
        if over {
            return Ok(());
        }
        component = component.get(consumed.saturating_add(inner)..).unwrap_or_default();
    }
}
