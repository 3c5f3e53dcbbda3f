//! Requests and replies as text files: a start line, headers, an empty line and the raw body.

use massgen_runtime::Framing;
use massgen_runtime::{PluginRequest, rehearsal::Recorded};

fn framing_word(framing: Framing) -> &'static str {
    match framing {
        Framing::Whole => "whole",
        Framing::Sse => "sse",
        Framing::Lines => "lines",
        Framing::Raw => "raw",
    }
}

/// Writes a request: `POST api /v1/chat sse`, `? name=value` per query pair, headers, body.
pub(super) fn print_sent(sent: &PluginRequest) -> Vec<u8> {
    let mut text =
        format!("{} {} {} {}\n", sent.method, sent.endpoint, sent.path, framing_word(sent.framing));
    for (name, value) in &sent.query {
        text.push_str(&format!("? {name}={value}\n"));
    }
    for (name, value) in &sent.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&sent.body);
    bytes
}

pub(super) fn parse_sent(bytes: &[u8]) -> Result<PluginRequest, String> {
    let (head, body) = split(bytes)?;
    let mut lines = head.lines();
    let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, endpoint, path, framing] = first[..] else {
        return Err("the first line is not `METHOD ENDPOINT PATH FRAMING`".into());
    };
    let framing = match framing {
        "whole" => Framing::Whole,
        "sse" => Framing::Sse,
        "lines" => Framing::Lines,
        "raw" => Framing::Raw,
        other => {
            return Err(format!("unknown framing {other:?}: expected whole, sse, lines or raw"));
        }
    };
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for line in lines {
        match line.strip_prefix("? ").and_then(|pair| pair.split_once('=')) {
            Some((name, value)) => query.push((name.to_string(), value.to_string())),
            None => headers.push(header(line)?),
        }
    }
    Ok(PluginRequest {
        endpoint: endpoint.into(),
        method: method.into(),
        path: path.into(),
        query,
        headers,
        body: body.to_vec(),
        framing,
    })
}

/// Writes a reply: `200` or `200 truncated`, headers, body.
pub(super) fn print_reply(reply: &Recorded) -> Vec<u8> {
    let mut text = reply.status.to_string();
    text.push_str(if reply.complete { "\n" } else { " truncated\n" });
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    let mut bytes = text.into_bytes();
    bytes.extend(reply.reads.concat());
    bytes
}

pub(super) fn parse_reply(bytes: &[u8], cuts: Option<&str>) -> Result<Recorded, String> {
    let (head, body) = split(bytes)?;
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let (status, rest) = first.split_once(' ').unwrap_or((first, ""));
    let status = status.parse().map_err(|_| format!("{first:?} is not a status"))?;
    let headers = lines.map(header).collect::<Result<_, _>>()?;
    let reads = match cuts {
        Some(cuts) => cut(body, cuts)?,
        None if body.is_empty() => Vec::new(),
        None => vec![body.to_vec()],
    };
    Ok(Recorded { status, headers, reads, complete: rest != "truncated" })
}

/// Writes the sizes of the reads, one per line. A single read needs no such file.
pub(super) fn print_cuts(reply: &Recorded) -> Option<String> {
    let sizes = || reply.reads.iter().map(|read| format!("{}\n", read.len()));
    (reply.reads.len() > 1).then(|| sizes().collect())
}

fn cut(body: &[u8], cuts: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut rest = body;
    let mut reads = Vec::new();
    for size in cuts.split_whitespace() {
        let size: usize =
            size.parse().map_err(|_| format!("{size:?} is not the size of a read"))?;
        let (read, after) =
            rest.split_at_checked(size).ok_or("the reads are longer than the body")?;
        reads.push(read.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        reads.push(rest.to_vec());
    }
    Ok(reads)
}

fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let end = bytes
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .ok_or("no empty line between head and body")?;
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "the head is not UTF-8")?;
    Ok((head, &bytes[end + 2..]))
}

fn header(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once(':').ok_or_else(|| format!("{line:?} is not a header"))?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_string()))
}

/// Describes the difference between two requests, if any. JSON bodies are compared as values, so that a
/// cassette may be written by hand.
pub(super) fn difference(want: &PluginRequest, got: &PluginRequest) -> Option<String> {
    let head = |sent: &PluginRequest| {
        let mut headers: Vec<(String, String)> = sent
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect();
        headers.sort();
        format!(
            "{} {} {} {} {:?} {headers:?}",
            sent.method,
            sent.endpoint,
            sent.path,
            framing_word(sent.framing),
            sent.query
        )
    };
    let (a, b) = (head(want), head(got));
    if a != b {
        return Some(format!("expected {a}, but the plugin sends {b}"));
    }
    if want.body == got.body {
        return None;
    }
    let value = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body).ok();
    let (was, is) = (value(&want.body), value(&got.body));
    if was.is_some() && was == is {
        return None;
    }
    let text = |body: &[u8]| String::from_utf8_lossy(body).trim_end().to_string();
    let (was, is) = (text(&want.body), text(&got.body));
    (was != is).then(|| format!("expected the body {was}, but the plugin sends {is}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_replies_round_trip() {
        let sent = PluginRequest {
            endpoint: "api".into(),
            method: "POST".into(),
            path: "/v1/x".into(),
            query: vec![("alt".into(), "a=b c".into())],
            headers: vec![("content-type".into(), "text/plain; x=\"y\"".into())],
            body: b"a\n\nb\0".to_vec(),
            framing: Framing::Lines,
        };
        assert_eq!(parse_sent(&print_sent(&sent)).unwrap(), sent);
        let reply = Recorded {
            status: 200,
            headers: vec![("x".into(), "1".into())],
            reads: vec![b"ab".to_vec(), b"\n\nc".to_vec()],
            complete: false,
        };
        let cuts = print_cuts(&reply);
        assert_eq!(parse_reply(&print_reply(&reply), cuts.as_deref()).unwrap(), reply);
        assert!(parse_reply(b"200\n\nab", Some("3")).unwrap_err().contains("longer"));
        assert!(parse_sent(b"POST api\n\n").unwrap_err().contains("METHOD"));
    }
}
