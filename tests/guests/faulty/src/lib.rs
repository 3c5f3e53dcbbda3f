//! A correct provider, except for the fault that the setting `fault` names. There is a fault for each check.

/// The codec of a correct provider. It is not a dependency because its exports would be linked, too.
#[path = "../../../../plugins/templates/chat/src/codec/mod.rs"]
pub mod codec;
mod own_framing;

use massgen_plugin_sdk::{
    BodyEnd, Context, Decoder, Event, Failure, FailureKind, Frame, Framing, HttpHead, HttpRequest,
    ModelInfo, ModelPage, Part, Provider, ProviderInfo, Request, StopReason, Usage, failure,
    frames, json, model, setting,
};
use serde_json::Value;

use codec::decode::Reply;

/// `explain` has no access to settings, so a test changes the last byte of this in the component.
static EXPLAINS: [u8; 24] = *b"explains-well-or-badly:0";

/// The provider.
pub struct Faulty;

/// A reply with a fault.
pub struct FaultyReply {
    fault: String,
    inner: Reply,
    framer: own_framing::Framer,
    last: Usage,
    stopped: bool,
}

impl Provider for Faulty {
    type Decoder = FaultyReply;

    fn describe() -> ProviderInfo {
        ProviderInfo { id: "faulty".into(), display_name: "Faulty".into(), version: "0.1.0".into() }
    }

    fn models() -> Vec<ModelInfo> {
        vec![model("template-1", "Template 1", 128_000, 16_000, &["tools"])]
    }

    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, FaultyReply), Failure> {
        let fault = setting(context, "fault").unwrap_or_default();
        let mut request = request.clone();
        match fault.as_str() {
            "unsupported" => request.sampling.seed = None,
            "content" => request.messages.retain(|message| {
                !message.parts.iter().any(|part| matches!(part, Part::ToolResult(_)))
            }),
            "opaque" => request
                .messages
                .iter_mut()
                .for_each(|message| message.parts.retain(|part| !matches!(part, Part::Opaque(_)))),
            "unicode" => {
                request.messages.iter_mut().flat_map(|message| &mut message.parts).for_each(
                    |part| {
                        if let Part::Text(text) = part {
                            text.retain(|c| c < '\u{10000}');
                        }
                    },
                )
            }
            "budget" if request.messages.len() > 100 => {
                let hoard: Vec<Vec<u8>> = (0..4_096).map(|_| vec![1; 1 << 20]).collect();
                std::hint::black_box(hoard);
            }
            _ => {}
        }
        let (mut http, notices) = codec::encode::request(&request)?;
        let inner = Reply::new(notices);
        match fault.as_str() {
            "determinism" => {
                http.body.extend_from_slice(context.now_unix_ms.to_string().as_bytes())
            }
            "endpoint" => http.path = "/elsewhere".into(),
            "headers" => http.headers.push(("authorization".into(), "Bearer mine".into())),
            "split" | "sse" => http.framing = Framing::Raw,
            _ => {}
        }
        let framer = own_framing::Framer::new(fault == "sse");
        let last = Usage {
            input_tokens: None,
            output_tokens: None,
            reasoning_tokens: None,
            cache_read_tokens: None,
            cache_write_tokens: None,
        };
        Ok((http, FaultyReply { fault, inner, framer, last, stopped: false }))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        if head.status == 429 && std::hint::black_box(&EXPLAINS).ends_with(b"1") {
            return failure(FailureKind::Other, "something");
        }
        codec::explain::failure(head.status, body)
    }

    fn list_request(_context: &Context) -> HttpRequest {
        codec::list::request()
    }

    fn list_response(_head: &HttpHead, body: &[u8]) -> Result<ModelPage, Failure> {
        codec::list::page(body)
    }

    fn count_request(context: &Context, request: &Request) -> Result<HttpRequest, Failure> {
        let fault = setting(context, "fault").unwrap_or_default();
        let (http, _) = codec::encode::request(request)?;
        let path = if fault == "count" { "/elsewhere" } else { "/count" };
        Ok(HttpRequest { path: path.into(), framing: Framing::Whole, ..http })
    }

    fn count_response(_head: &HttpHead, body: &[u8]) -> Result<u64, Failure> {
        json::required_count(body, "/tokens", "the count")
    }
}

impl FaultyReply {
    fn one(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        if let Frame::Event(event) = &frame
            && event.data != "[DONE]"
        {
            self.reject(&event.data)?;
        }
        let events = self.inner.frame(frame)?;
        Ok(self.spoil(events))
    }

    /// Fails on documents that the fault rejects.
    fn reject(&self, data: &str) -> Result<(), Failure> {
        let fails = |why: &str| Err(failure(FailureKind::Protocol, why));
        let fault = self.fault.as_str();
        if fault == "fuzz" {
            let document: Value = serde_json::from_str(data).expect("the service sends JSON");
            std::hint::black_box(document);
        }
        let Ok(document) = serde_json::from_str::<Value>(data) else { return Ok(()) };
        let known = ["id", "object", "model", "choices", "usage"];
        match fault {
            "unknown-event" if document.get("choices").is_none() => fails("unknown event"),
            "unknown-field"
                if document.get("choices").is_some()
                    && document
                        .as_object()
                        .is_some_and(|o| o.keys().any(|k| !known.contains(&k.as_str()))) =>
            {
                fails("unknown field")
            }
            "null-field" if document.get("usage").is_some_and(Value::is_null) => {
                fails("usage must be an object")
            }
            _ => Ok(()),
        }
    }

    fn spoil(&mut self, events: Vec<Event>) -> Vec<Event> {
        let fault = self.fault.clone();
        events
            .into_iter()
            .filter_map(|event| match (fault.as_str(), event) {
                ("tools", Event::ToolCallDelta(delta)) if delta.json == "{}" => None,
                ("cassettes", Event::Text(text)) => Some(Event::Text(text.to_uppercase())),
                ("stop", Event::Stopped(StopReason::Other(_))) => {
                    Some(Event::Stopped(StopReason::EndTurn))
                }
                (_, event) => Some(event),
            })
            .collect()
    }
}

impl Decoder for FaultyReply {
    fn head(&mut self, head: &HttpHead) -> Result<Vec<Event>, Failure> {
        self.inner.head(head)
    }

    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        match frame {
            Frame::Bytes(bytes) => {
                let mut events = Vec::new();
                for frame in self.framer.push(&bytes) {
                    events.extend(self.one(frame)?);
                }
                Ok(events)
            }
            frame => self.one(frame),
        }
    }

    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        if self.stopped {
            return Err(frames::cut_off(end, "Faulty"));
        }
        self.stopped = true;
        let mut events = match self.inner.finish(end) {
            Err(_) if self.fault == "truncate" => vec![Event::Stopped(StopReason::EndTurn)],
            events => events?,
        };
        if self.fault == "usage" {
            for input in [20, 3] {
                events.insert(0, Event::Usage(Usage { input_tokens: Some(input), ..self.last }));
            }
            events.swap(0, 1);
        }
        if self.fault == "events" {
            events.push(Event::Text("one more thing".into()));
        }
        Ok(self.spoil(events))
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::Faulty);
}
