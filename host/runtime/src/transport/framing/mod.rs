//! Cuts the body of a reply into frames. The frames do not depend on how the bytes were split into reads.

mod sse;
#[cfg(test)]
mod tests;

use sse::SseParser;

/// Maximum size of a line or event. The transport limits the reply as a whole.
const FRAME_BYTES_MAX: usize = 8 << 20;

/// How to cut a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// The whole body in one frame, at its end.
    Whole,
    /// Server-sent events.
    Sse,
    /// One frame per line.
    Lines,
    /// One frame per read.
    Raw,
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The whole body.
    Body(Vec<u8>),
    /// A server-sent event.
    Event {
        /// The event's name, or empty.
        event: String,
        /// The data lines, joined.
        data: String,
        /// The last id so far.
        id: String,
    },
    /// A line without its line break.
    Line(String),
    /// The bytes of one read.
    Bytes(Vec<u8>),
}

/// A line or event is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reply has a line or event of more than {} MiB", FRAME_BYTES_MAX >> 20)]
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

    /// Adds bytes of the body; returns the frames that they complete.
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

    /// Ends the body; returns the last frames. The incomplete last frame of a truncated body is dropped.
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
