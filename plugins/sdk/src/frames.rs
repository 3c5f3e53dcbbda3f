//! Reading frames: the host has cut the body already.

use serde_json::Value;

use crate::{BodyEnd, Failure, Frame, json, protocol};

/// The JSON of a frame, and the name of its event (empty for a whole body). None for a frame without
/// content, such as a keep-alive.
pub fn document(frame: &Frame, service: &str) -> Result<Option<(String, Value)>, Failure> {
    match frame {
        Frame::Body(body) => {
            Ok(Some((String::new(), json::parse(body, &format!("the reply of {service}"))?)))
        }
        Frame::Event(event) if event.data.trim().is_empty() || event.data == "[DONE]" => Ok(None),
        Frame::Event(event) => {
            let data = json::parse(event.data.as_bytes(), &format!("an event of {service}"))?;
            Ok(Some((event.event.clone(), data)))
        }
        Frame::Line(_) | Frame::Bytes(_) => {
            Err(protocol("the host cut the reply in a way that was not asked for"))
        }
    }
}

/// The failure of a reply that ended before it said that it was over.
pub fn cut_off(end: BodyEnd, service: &str) -> Failure {
    match end {
        BodyEnd::Cancelled => protocol(format!("the reply of {service} was cancelled")),
        BodyEnd::Complete | BodyEnd::Truncated => {
            protocol(format!("the reply of {service} was cut off before its end"))
        }
    }
}
