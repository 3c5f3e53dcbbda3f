//! Incorrect framing, for plugins that split the body themselves.

use massgen_plugin_sdk::{Frame, SseEvent};

/// Splits a body into events, with one of two faults.
pub(crate) struct Framer {
    keeps: bool,
    rest: Vec<u8>,
}

impl Framer {
    /// With `keeps`, incomplete events are kept but only LF ends a line. Without, each read is decoded by itself.
    pub(crate) fn new(keeps: bool) -> Self {
        Self { keeps, rest: Vec::new() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Frame> {
        let mut body = if self.keeps { std::mem::take(&mut self.rest) } else { Vec::new() };
        body.extend_from_slice(bytes);
        let text = String::from_utf8_lossy(&body).into_owned();
        let end = if self.keeps { text.rfind("\n\n").map_or(0, |end| end + 2) } else { text.len() };
        self.rest = text.as_bytes()[end..].to_vec();
        text[..end]
            .split("\n\n")
            .filter_map(|block| block.strip_prefix("data: "))
            .map(|data| {
                Frame::Event(SseEvent {
                    event: String::new(),
                    data: data.into(),
                    id: String::new(),
                })
            })
            .collect()
    }
}
