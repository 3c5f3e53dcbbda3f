//! The subset of `application/vnd.amazon.eventstream` that recorded events use: total length, length of the headers,
//! checksum, headers, payload, checksum. Numbers are big-endian (smithy.io, "Amazon Event Stream Specification").

const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;
/// Type of a string header.
const TEXT: u8 = 7;

/// Returns names and payloads of the events, or `None` if the body does not consist of complete events.
pub(super) fn parse(mut body: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut events = Vec::new();
    while !body.is_empty() {
        let length = number(body)?;
        let (message, rest) = body.split_at_checked(length)?;
        let headers_end = PRELUDE.checked_add(number(message.get(4..)?)?)?;
        let payload = message.get(headers_end..length.checked_sub(CHECKSUM)?)?;
        let headers = texts(message.get(PRELUDE..headers_end)?)?;
        let value = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        if value(":message-type")? != "event" {
            return None;
        }
        events.push((value(":event-type")?, payload.to_vec()));
        body = rest;
    }
    Some(events)
}

fn number(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.first_chunk::<4>()?;
    usize::try_from(u32::from_be_bytes(*bytes)).ok()
}

fn texts(mut bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut take = |count: usize| {
        let (taken, rest) = bytes.split_at_checked(count)?;
        bytes = rest;
        Some(taken.to_vec())
    };
    let mut found = Vec::new();
    while let Some(length) = take(1) {
        let name = String::from_utf8(take(length[0].into())?).ok()?;
        if take(1)? != [TEXT] {
            return None;
        }
        let length = take(2)?;
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        found.push((name, String::from_utf8(take(length)?).ok()?));
    }
    Some(found)
}

/// Writes one event.
pub(super) fn print(name: &str, payload: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    for (header, value) in
        [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")]
    {
        headers.push(header.len() as u8);
        headers.extend_from_slice(header.as_bytes());
        headers.push(TEXT);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let length = PRELUDE + headers.len() + payload.len() + CHECKSUM;
    let mut message = Vec::with_capacity(length);
    message.extend_from_slice(&(length as u32).to_be_bytes());
    message.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_round_trip() {
        let body = [print("messageStart", b"{}"), print("messageStop", br#"{"a":1}"#)].concat();
        let events = parse(&body).unwrap();
        assert_eq!(events[0], ("messageStart".into(), b"{}".to_vec()));
        assert_eq!(events[1], ("messageStop".into(), br#"{"a":1}"#.to_vec()));
        assert_eq!(parse(&body[..body.len() - 1]), None);
        assert_eq!(parse(b"\0\0\0\0"), None);
    }
}
