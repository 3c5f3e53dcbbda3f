//! Text that anybody may have written, as rows of harmless, styled segments.

mod segment;
mod syntax;
mod visible;
mod words;

pub use segment::{Class, Row, Segment, Tone, cut, pad, row_width};
pub use syntax::{Highlighter, LineClasses};
pub(crate) use visible::{Look, Window, line, visible};
pub(crate) use words::changed_words;
