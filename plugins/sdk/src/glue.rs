//! Connects the generated exports with the traits that authors implement.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Once;

use crate::bindings::exports::massgen::analyzer_model::analyzer_model as contract;
use crate::bindings::exports::massgen::analyzer_model::model_catalog;
use crate::bindings::exports::massgen::token_counter::token_counter;
use crate::bindings::massgen::analyzer_model::diagnostics;
use crate::{Decoder, Provider};

/// Implements the exports for a provider.
pub struct Adapter<P>(PhantomData<P>);

/// An open exchange.
pub struct Exchange<P: Provider> {
    request: RefCell<Option<contract::HttpRequest>>,
    decoder: RefCell<P::Decoder>,
}

impl<P: Provider> contract::Guest for Adapter<P> {
    type Exchange = Exchange<P>;

    fn describe() -> contract::ProviderInfo {
        report_panics();
        P::describe()
    }

    fn models() -> Vec<contract::ModelInfo> {
        report_panics();
        P::models()
    }

    fn explain(head: contract::HttpHead, body: Vec<u8>) -> contract::Failure {
        report_panics();
        P::explain(&head, &body)
    }
}

impl<P: Provider> contract::GuestExchange for Exchange<P> {
    fn open(
        context: contract::Context,
        request: contract::Request,
    ) -> Result<contract::Exchange, contract::Failure> {
        report_panics();
        let (request, decoder) = P::open(&context, &request)?;
        Ok(contract::Exchange::new(Self {
            request: RefCell::new(Some(request)),
            decoder: RefCell::new(decoder),
        }))
    }

    fn request(&self) -> contract::HttpRequest {
        self.request.borrow_mut().take().expect("the contract allows one call")
    }

    fn head(&self, head: contract::HttpHead) -> Result<Vec<contract::Event>, contract::Failure> {
        self.decoder.borrow_mut().head(&head)
    }

    fn push(
        &self,
        frames: Vec<contract::Frame>,
    ) -> Result<Vec<contract::Event>, contract::Failure> {
        let mut events = Vec::new();
        for frame in frames {
            events.extend(self.decoder.borrow_mut().frame(frame)?);
        }
        Ok(events)
    }

    fn finish(&self, end: contract::BodyEnd) -> Result<contract::Finished, contract::Failure> {
        let mut decoder = self.decoder.borrow_mut();
        let events = decoder.finish(end)?;
        Ok(contract::Finished { events, next: decoder.next() })
    }
}

impl<P: Provider> model_catalog::Guest for Adapter<P> {
    fn list_request(context: contract::Context) -> contract::HttpRequest {
        report_panics();
        P::list_request(&context)
    }

    fn list_response(
        head: contract::HttpHead,
        body: Vec<u8>,
    ) -> Result<model_catalog::ModelPage, contract::Failure> {
        report_panics();
        P::list_response(&head, &body)
    }
}

impl<P: Provider> token_counter::Guest for Adapter<P> {
    fn count_request(
        context: contract::Context,
        request: contract::Request,
    ) -> Result<contract::HttpRequest, contract::Failure> {
        report_panics();
        P::count_request(&context, &request)
    }

    fn count_response(head: contract::HttpHead, body: Vec<u8>) -> Result<u64, contract::Failure> {
        report_panics();
        P::count_response(&head, &body)
    }
}

/// Logs panics. A panic aborts the guest, and without this hook the host would see only "unreachable".
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            diagnostics::log(diagnostics::Level::Error, &info.to_string())
        }));
    });
}
