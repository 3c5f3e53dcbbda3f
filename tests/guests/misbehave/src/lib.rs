//! A provider that misbehaves as the model's name says. The model `echo` is correct: it sends the last text and returns
//! the body of the reply.

use massgen_plugin_sdk::{
    BodyEnd, Context, Decoder, Event, Failure, FailureKind, Frame, Framing, HttpHead, HttpRequest,
    ModelInfo, ModelPage, Part, Provider, ProviderInfo, Request, StopReason, ToolCallDelta,
    failure,
};

/// The provider.
pub struct Misbehave;

/// The state of a reply.
pub struct Reply {
    how: String,
    stopped: bool,
}

impl Provider for Misbehave {
    type Decoder = Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "misbehave".into(),
            display_name: "Misbehave".into(),
            version: "0.1.0".into(),
        }
    }

    fn models() -> Vec<ModelInfo> {
        Vec::new()
    }

    fn open(_context: &Context, request: &Request) -> Result<(HttpRequest, Reply), Failure> {
        let how = request.model.as_str();
        match how {
            "spin" => loop {
                std::hint::black_box(0);
            },
            "allocate" => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                for _ in 0..4096 {
                    hoard.push(vec![1; 1 << 20]);
                }
                std::hint::black_box(hoard);
            }
            "panic" => panic!("this is what I do"),
            "deep-recursion" => {
                std::hint::black_box(dig(1));
            }
            _ => {}
        }
        let mut http = HttpRequest {
            endpoint: "api".into(),
            method: "POST".into(),
            path: "/echo/once".into(),
            query: Vec::new(),
            headers: vec![("content-type".into(), "text/plain".into())],
            body: last_text(request).into_bytes(),
            framing: Framing::Raw,
        };
        match how {
            "bad-header" => http.headers.push(("Authorization".into(), "Bearer mine".into())),
            "bad-header-value" => {
                http.headers.push(("x-note".into(), "a\r\nhost: elsewhere".into()))
            }
            "undeclared-endpoint" => http.endpoint = "elsewhere".into(),
            "bad-path" => http.path = "/admin".into(),
            "climbing-path" => http.path = "/echo/../admin".into(),
            "bad-method" => http.method = "DELETE".into(),
            "giant-request" => http.body = vec![b'x'; 40 << 20],
            _ => {}
        }
        Ok((http, Reply { how: how.to_string(), stopped: false }))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        let kind =
            if head.status == 429 { FailureKind::RateLimited } else { FailureKind::Unavailable };
        failure(kind, format!("status {}: {}", head.status, String::from_utf8_lossy(body)))
    }

    fn list_request(_context: &Context) -> HttpRequest {
        panic!("the service does not list its models")
    }

    fn list_response(_head: &HttpHead, _body: &[u8]) -> Result<ModelPage, Failure> {
        Err(failure(FailureKind::Unsupported, "the service does not list its models"))
    }

    /// Sends the same request as `open`; the count is the length of the reply.
    fn count_request(context: &Context, request: &Request) -> Result<HttpRequest, Failure> {
        Self::open(context, request).map(|(http, _)| http)
    }

    fn count_response(_head: &HttpHead, body: &[u8]) -> Result<u64, Failure> {
        let text = String::from_utf8_lossy(body);
        assert!(!text.contains("sentinel"), "the guest received the key: {text}");
        Ok(body.len() as u64)
    }
}

impl Decoder for Reply {
    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure> {
        let Frame::Bytes(bytes) = frame else {
            return Err(failure(FailureKind::Protocol, "expected framing `raw`"));
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(match self.how.as_str() {
            "many-events" => (0..20_000).map(|_| Event::Text("x".into())).collect(),
            "giant-list" => vec![Event::Text("x".repeat(40 << 20))],
            "delta-without-start" => {
                vec![Event::ToolCallDelta(ToolCallDelta { index: 7, json: "{}".into() })]
            }
            "content-after-stop" => {
                self.stopped = true;
                vec![Event::Stopped(StopReason::EndTurn), Event::Text(text)]
            }
            "two-stops" => {
                self.stopped = true;
                vec![
                    Event::Text(text),
                    Event::Stopped(StopReason::EndTurn),
                    Event::Stopped(StopReason::EndTurn),
                ]
            }
            "panic-late" => panic!("not now"),
            _ => vec![Event::Text(text)],
        })
    }

    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure> {
        match (self.how.as_str(), end) {
            ("no-stop", _) => Ok(Vec::new()),
            _ if self.stopped => Ok(Vec::new()),
            (_, BodyEnd::Complete) => Ok(vec![Event::Stopped(StopReason::EndTurn)]),
            _ => Err(failure(FailureKind::Protocol, "the reply was cut off")),
        }
    }
}

fn last_text(request: &Request) -> String {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    parts
        .filter_map(|part| if let Part::Text(text) = part { Some(text.clone()) } else { None })
        .next_back()
        .unwrap_or_default()
}

#[expect(unconditional_recursion, reason = "the test needs a stack overflow")]
fn dig(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 64]);
    dig(room[0] + 1) + room[1]
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::Misbehave);
}
