use super::*;

fn cut(framing: Framing, reads: &[&[u8]]) -> Vec<Frame> {
    let mut framer = Framer::new(framing);
    let mut frames: Vec<Frame> = reads.iter().flat_map(|read| framer.push(read).unwrap()).collect();
    frames.extend(framer.finish(true));
    frames
}

fn event(event: &str, data: &str, id: &str) -> Frame {
    Frame::Event { event: event.into(), data: data.into(), id: id.into() }
}

/// Expects the same frames from one read, from two reads split anywhere, and byte by byte.
fn check(framing: Framing, body: &str, expect: &[Frame]) {
    let bytes = body.as_bytes();
    assert_eq!(cut(framing, &[bytes]), expect, "{body:?} whole");
    for at in 0..=bytes.len() {
        assert_eq!(cut(framing, &[&bytes[..at], &bytes[at..]]), expect, "{body:?} cut at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(cut(framing, &single), expect, "{body:?} byte by byte");
}

#[test]
fn events() {
    for end in ["\n", "\r\n", "\r"] {
        let body = [
            "event: start",
            "data: {\"a\":1}",
            "",
            ": keep-alive",
            "",
            "data:x",
            "data: y",
            "id: 7",
            "",
            "data: grün 🙂",
            "",
            "",
        ]
        .join(end);
        check(
            Framing::Sse,
            &body,
            &[event("start", "{\"a\":1}", ""), event("", "x\ny", "7"), event("", "grün 🙂", "7")],
        );
    }
}

#[test]
fn byte_order_mark_missing_blank_line_and_unknown_fields() {
    check(Framing::Sse, "\u{feff}data: a\n\n", &[event("", "a", "")]);
    check(Framing::Sse, "data: last", &[event("", "last", "")]);
    check(Framing::Sse, "data: last\n", &[event("", "last", "")]);
    check(Framing::Sse, "data\n\n", &[event("", "", "")]);
    check(
        Framing::Sse,
        "event: lonely\n\nretry: 9\nunknown: 1\ndata:  two\n\n",
        &[event("", " two", "")],
    );
    check(Framing::Sse, "", &[]);
}

#[test]
fn lines_and_whole() {
    check(
        Framing::Lines,
        "{\"a\":1}\r\n{\"b\":2}\nrest",
        &[
            Frame::Line("{\"a\":1}".into()),
            Frame::Line("{\"b\":2}".into()),
            Frame::Line("rest".into()),
        ],
    );
    check(Framing::Whole, "ab\nc", &[Frame::Body(b"ab\nc".to_vec())]);
    check(Framing::Whole, "", &[Frame::Body(Vec::new())]);
}

#[test]
fn a_truncated_body_yields_no_incomplete_frame() {
    for (framing, body) in
        [(Framing::Sse, "data: half"), (Framing::Lines, "half"), (Framing::Whole, "half")]
    {
        let mut framer = Framer::new(framing);
        assert_eq!(framer.push(body.as_bytes()).unwrap(), []);
        assert_eq!(framer.finish(false), [], "{framing:?}");
    }
}

#[test]
fn too_large_frames_are_refused() {
    let chunk = vec![b'x'; 1 << 20];
    for framing in [Framing::Sse, Framing::Lines] {
        let mut framer = Framer::new(framing);
        assert!((0..20).any(|_| framer.push(&chunk).is_err()), "{framing:?}");
    }
}
