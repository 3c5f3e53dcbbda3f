//! Formats of reply bodies.

/// The format of a body. A body that the host does not frame may still have a known format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum Shape {
    /// One document.
    Whole,
    /// One document per line.
    Lines,
    /// Server-sent events.
    Sse,
    /// `application/vnd.amazon.eventstream`.
    EventStream,
    /// Any other bytes.
    Unknown,
}

impl Shape {
    /// Returns whether the format consists of lines of text.
    pub(in crate::provider) fn has_lines(self) -> bool {
        matches!(self, Self::Lines | Self::Sse)
    }

    /// Returns whether its pieces can have names.
    pub(in crate::provider) fn names_pieces(self) -> bool {
        matches!(self, Self::Sse | Self::EventStream)
    }
}
