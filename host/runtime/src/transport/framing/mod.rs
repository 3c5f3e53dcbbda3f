//! Cuts the body of a reply into frames, once for all plugins. Any partition of the same bytes into reads
//! gives the same frames.

mod sse;
#[cfg(test)]
mod tests;

use sse::SseParser;

/// A line or event may be this large; a reply as a whole is bounded by the transport.
const FRAME_BYTES_MAX: usize = 8 << 20;

/// How a plugin wants a reply cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// The body as one piece, when it is over.
    Whole,
    /// Server-sent events.
    Sse,
    /// Lines.
    Lines,
    /// Bytes as they were read.
    Raw,
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole body.
    Body(Vec<u8>),
    /// A server-sent event.
    Event {
        /// Its name; empty if it has none.
        event: String,
        /// Its data lines, joined.
        data: String,
        /// The last id that was sent.
        id: String,
    },
    /// A line without its end.
    Line(String),
    /// What one read gave.
    Bytes(Vec<u8>),
}

/// A line or event that never ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reply holds a line or event of more than {} MiB", FRAME_BYTES_MAX >> 20)]
pub(crate) struct FrameTooLarge;

/// Cuts one reply.
#[derive(Debug)]
pub(crate) enum Framer {
    Whole(Vec<u8>),
    Sse(SseParser),
    Lines(Vec<u8>),
    Raw,
}

impl Framer {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Whole => Self::Whole(Vec::new()),
            Framing::Sse => Self::Sse(SseParser::default()),
            Framing::Lines => Self::Lines(Vec::new()),
            Framing::Raw => Self::Raw,
        }
    }

    /// Takes bytes of the body and gives the frames that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameTooLarge> {
        match self {
            Self::Whole(body) => {
                body.extend_from_slice(bytes);
                Ok(Vec::new())
            }
            Self::Sse(parser) => parser.push(bytes),
            Self::Lines(rest) => {
                let mut frames = Vec::new();
                for byte in bytes {
                    if *byte == b'\n' {
                        frames.push(line(std::mem::take(rest)));
                    } else {
                        rest.push(*byte);
                    }
                }
                if rest.len() > FRAME_BYTES_MAX { Err(FrameTooLarge) } else { Ok(frames) }
            }
            Self::Raw if bytes.is_empty() => Ok(Vec::new()),
            Self::Raw => Ok(vec![Frame::Bytes(bytes.to_vec())]),
        }
    }

    /// The body is over. What a cut body left incomplete is dropped: it is not what the service sent.
    pub(crate) fn finish(self, complete: bool) -> Vec<Frame> {
        match self {
            Self::Whole(body) if complete => vec![Frame::Body(body)],
            Self::Sse(parser) if complete => parser.finish(),
            Self::Lines(rest) if complete && !rest.is_empty() => vec![line(rest)],
            _ => Vec::new(),
        }
    }
}

fn line(mut bytes: Vec<u8>) -> Frame {
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Frame::Line(String::from_utf8_lossy(&bytes).into_owned())
}
