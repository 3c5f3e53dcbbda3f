//! Server-sent events, by the algorithm of the WHATWG HTML standard (9.2.6).
//!
//! The crates for this decode asynchronous streams and buffer without a limit. This parser is synchronous, so that
//! recorded replies run through it too, and refuses events that are too large. UTF-8 is repaired per line, not per
//! read, so that a character that is split between two reads survives.

use super::{FRAME_BYTES_MAX, Frame, FrameTooLarge};

/// The state between reads.
#[derive(Debug, Default)]
pub(crate) struct SseParser {
    line: Vec<u8>,
    /// The last byte was CR; a LF right after it belongs to the same line break.
    after_cr: bool,
    started: bool,
    event: String,
    data: String,
    has_data: bool,
    id: String,
}

impl SseParser {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameTooLarge> {
        let mut frames = Vec::new();
        for byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(&mut frames),
                byte => self.line.push(*byte),
            }
            if self.line.len() + self.data.len() > FRAME_BYTES_MAX {
                return Err(FrameTooLarge);
            }
        }
        Ok(frames)
    }

    /// Ends a complete body, which may lack the last blank line.
    pub(super) fn finish(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut frames);
        }
        self.dispatch(&mut frames);
        frames
    }

    fn end_line(&mut self, frames: &mut Vec<Frame>) {
        let bytes = std::mem::take(&mut self.line);
        let mut line: &[u8] = &bytes;
        if !self.started {
            self.started = true;
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch(frames);
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event = value.to_string(),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => self.id = value.to_string(),
            // Comments (an empty field name), `retry`, and unknown fields.
            _ => {}
        }
    }

    fn dispatch(&mut self, frames: &mut Vec<Frame>) {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.has_data) {
            frames.push(Frame::Event { event, data, id: self.id.clone() });
        }
    }
}
