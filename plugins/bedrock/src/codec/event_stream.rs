//! The binary framing `application/vnd.amazon.eventstream` (smithy.io, "Amazon Event Stream Specification"):
//! total length, length of the headers, checksum, headers, payload, checksum. Numbers are big-endian.

/// Maximum size of a message.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// Whether this is an exception rather than an event.
    pub exception: bool,
    /// Name of the event or exception.
    pub name: String,
    /// JSON.
    pub payload: Vec<u8>,
}

/// Extracts messages from a body that arrives in arbitrary pieces.
#[derive(Debug, Default)]
pub struct MessageReader {
    rest: Vec<u8>,
}

impl MessageReader {
    /// Appends bytes and returns the messages that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Message>, String> {
        self.rest.extend_from_slice(bytes);
        let mut messages = Vec::new();
        while self.rest.len() >= PRELUDE {
            let length = number(&self.rest[..4]) as usize;
            if !(PRELUDE + CHECKSUM..=MESSAGE_BYTES_MAX).contains(&length) {
                return Err(format!("an event stream message has the invalid length {length}"));
            }
            if self.rest.len() < length {
                break;
            }
            let whole: Vec<u8> = self.rest.drain(..length).collect();
            messages.push(message(&whole)?);
        }
        Ok(messages)
    }

    /// Returns whether no incomplete message is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

fn message(bytes: &[u8]) -> Result<Message, String> {
    let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if crc32(&bytes[..8]) != number(&bytes[8..12]) || crc32(body) != number(checksum) {
        return Err("an event stream message has a wrong checksum".into());
    }
    let headers_end = PRELUDE + number(&bytes[4..8]) as usize;
    let headers =
        body.get(PRELUDE..headers_end).ok_or("the headers of an event stream message exceed it")?;
    let mut message =
        Message { exception: false, name: String::new(), payload: body[headers_end..].to_vec() };
    for (name, value) in texts(headers)? {
        match name.as_str() {
            ":event-type" | ":exception-type" | ":error-code" => message.name = value,
            ":message-type" => message.exception = value != "event",
            _ => {}
        }
    }
    Ok(message)
}

/// Returns the names and values of the headers. Only string values are used.
fn texts(mut bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let name_len = usize::from(take(&mut bytes, 1)?[0]);
        let name = String::from_utf8_lossy(take(&mut bytes, name_len)?).into_owned();
        let length = match take(&mut bytes, 1)?[0] {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            6 | 7 => {
                let length = take(&mut bytes, 2)?;
                usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            kind => {
                return Err(format!("an event stream header has the unknown type {kind}"));
            }
        };
        let value = String::from_utf8_lossy(take(&mut bytes, length)?).into_owned();
        found.push((name, value));
    }
    Ok(found)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], String> {
    let (taken, rest) =
        bytes.split_at_checked(count).ok_or("a header of an event stream message exceeds it")?;
    *bytes = rest;
    Ok(taken)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Computes the CRC-32 of zlib. A table would make the component larger and save no noticeable time.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// Encodes a message, for tests.
#[doc(hidden)]
pub fn encode(kind: &str, name: &str, payload: &str) -> Vec<u8> {
    let mut headers = Vec::new();
    let mut header = |name: &str, value: &str| {
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    };
    header(if kind == "event" { ":event-type" } else { ":exception-type" }, name);
    header(":message-type", kind);
    let length = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut bytes = (length as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(payload.as_bytes());
    bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_depend_on_pieces() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let mut bytes = encode("event", "messageStart", "{}");
        bytes.extend(encode("exception", "throttlingException", "{\"message\":\"m\"}"));
        let whole = MessageReader::default().push(&bytes).unwrap();
        assert_eq!(
            (whole.len(), whole[1].exception, whole[0].name.as_str()),
            (2, true, "messageStart")
        );
        let mut reader = MessageReader::default();
        let single: Vec<Message> =
            bytes.iter().flat_map(|byte| reader.push(&[*byte]).unwrap()).collect();
        assert!(single == whole && reader.is_empty());
        let mut broken = bytes.clone();
        broken[20] ^= 1;
        assert!(MessageReader::default().push(&broken).unwrap_err().contains("checksum"));
        assert!(MessageReader::default().push(&[255; 16]).is_err());
    }
}
