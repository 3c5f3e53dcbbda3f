//! A provider built against the first published contract, without SDK and companions. It sends the last text and
//! returns the body of the reply.

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/frozen/analyzer-model@0.1.0.wit",
        world: "provider",
    });
}

use std::cell::RefCell;

use bindings::exports::massgen::analyzer_model::analyzer_model::{
    BodyEnd, Context, Event, Exchange, Failure, FailureKind, Finished, Frame, Framing, Guest,
    GuestExchange, HttpHead, HttpRequest, ModelInfo, Part, ProviderInfo, Request, StopReason,
};

struct Plain;

struct SentText(RefCell<Option<HttpRequest>>);

impl Guest for Plain {
    type Exchange = SentText;

    fn describe() -> ProviderInfo {
        ProviderInfo { id: "plain".into(), display_name: "Plain".into(), version: "0.1.0".into() }
    }

    fn models() -> Vec<ModelInfo> {
        Vec::new()
    }

    fn explain(head: HttpHead, body: Vec<u8>) -> Failure {
        Failure {
            kind: FailureKind::Unavailable,
            message: format!("status {}: {}", head.status, String::from_utf8_lossy(&body)),
            provider_code: None,
            retry_after_ms: None,
            pointer: None,
        }
    }
}

impl GuestExchange for SentText {
    fn open(_: Context, request: Request) -> Result<Exchange, Failure> {
        let parts = request.messages.iter().flat_map(|message| &message.parts);
        let mut texts = parts.filter_map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            _ => None,
        });
        let http = HttpRequest {
            endpoint: "api".into(),
            method: "POST".into(),
            path: "/say".into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: texts.next_back().unwrap_or_default().into_bytes(),
            framing: Framing::Whole,
        };
        Ok(Exchange::new(SentText(RefCell::new(Some(http)))))
    }

    fn request(&self) -> HttpRequest {
        self.0.borrow_mut().take().expect("the contract allows one call")
    }

    fn head(&self, _: HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(Vec::new())
    }

    fn push(&self, frames: Vec<Frame>) -> Result<Vec<Event>, Failure> {
        let texts = frames.into_iter().filter_map(|frame| match frame {
            Frame::Body(bytes) => Some(Event::Text(String::from_utf8_lossy(&bytes).into_owned())),
            _ => None,
        });
        Ok(texts.collect())
    }

    fn finish(&self, _: BodyEnd) -> Result<Finished, Failure> {
        Ok(Finished { events: vec![Event::Stopped(StopReason::EndTurn)], next: None })
    }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Plain with_types_in bindings);
