//! What a reply is made of, whoever cuts it.

/// The form of a body. What the host does not cut may still have a form that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::provider) enum Shape {
    /// One document.
    Whole,
    /// A document a line.
    Lines,
    /// Server-sent events.
    Sse,
    /// `application/vnd.amazon.eventstream`.
    EventStream,
    /// Bytes.
    Unknown,
}

impl Shape {
    /// Whether it is made of lines of text.
    pub(in crate::provider) fn has_lines(self) -> bool {
        matches!(self, Self::Lines | Self::Sse)
    }

    /// Whether each of its pieces has a name.
    pub(in crate::provider) fn names_pieces(self) -> bool {
        matches!(self, Self::Sse | Self::EventStream)
    }
}
