//! Reading the frames into which the host splits a body.

use serde_json::Value;

use crate::{BodyEnd, Failure, Frame, json, protocol};

/// Returns the name of a frame's event (empty for a whole body) and its JSON. Returns `None` for a frame without
/// content, such as a keep-alive.
pub fn document(frame: &Frame, service: &str) -> Result<Option<(String, Value)>, Failure> {
    match frame {
        Frame::Body(body) => {
            Ok(Some((String::new(), json::parse(body, &format!("the reply from {service}"))?)))
        }
        Frame::Event(event) if event.data.trim().is_empty() || event.data == "[DONE]" => Ok(None),
        Frame::Event(event) => {
            let data = json::parse(event.data.as_bytes(), &format!("an event from {service}"))?;
            Ok(Some((event.event.clone(), data)))
        }
        Frame::Line(_) | Frame::Bytes(_) => {
            Err(protocol("the host did not use the requested framing"))
        }
    }
}

/// Returns the failure for a reply that ended early.
pub fn cut_off(end: BodyEnd, service: &str) -> Failure {
    match end {
        BodyEnd::Cancelled => protocol(format!("the reply from {service} was cancelled")),
        BodyEnd::Complete | BodyEnd::Truncated => {
            protocol(format!("the reply from {service} was cut off"))
        }
    }
}
