//! The SDK for providers: the contract's types, two traits, a macro, JSON helpers and error classification. A provider
//! is a pure function of its inputs.

pub mod classify;
pub mod frames;
mod glue;
pub mod json;
#[doc(hidden)]
pub mod testing;

/// The contract and its companions, generated from `wit/analyzer-model.wit` and `wit/token-counter.wit`.
#[expect(missing_docs, reason = "generated: the glue between the component model and Rust")]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/analyzer-model.wit", "../../wit/token-counter.wit"],
        world: "massgen:token-counter/provider-with-counter",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "massgen_plugin_sdk::bindings",
    });
}

pub use bindings::exports::massgen::analyzer_model::analyzer_model::{
    BodyEnd, Context, Event, Extension, Failure, FailureKind, Finished, FollowUp, Frame, Framing,
    HttpHead, HttpRequest, Message, ModelInfo, NamedSchema, Opaque, OutputFormat, Part, Pricing,
    ProviderInfo, RateLimit, Reasoning, Request, Role, Sampling, SseEvent, StopReason, Tool,
    ToolCall, ToolCallDelta, ToolCallStart, ToolChoice, ToolOutput, ToolResult, Usage,
};
pub use bindings::exports::massgen::analyzer_model::model_catalog::ModelPage;
pub use glue::Adapter;

/// A provider. All functions are pure; the only state is the decoder that `open` returns.
pub trait Provider: 'static {
    /// Turns the reply to one exchange into events.
    type Decoder: Decoder;

    /// Returns id, name and version, equal to those of the manifest.
    fn describe() -> ProviderInfo;

    /// Returns the models known at build time.
    fn models() -> Vec<ModelInfo>;

    /// Encodes a request. A part that the service cannot express is [`unsupported`], with a pointer to it.
    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, Self::Decoder), Failure>;

    /// Explains a reply with a status of 400 or above.
    fn explain(head: &HttpHead, body: &[u8]) -> Failure;

    /// Returns the request for the first page of the service's list of models. The default is for services without a
    /// list: a request without an endpoint, which the host does not send.
    fn list_request(_context: &Context) -> HttpRequest {
        HttpRequest {
            endpoint: String::new(),
            method: "GET".into(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Whole,
        }
    }

    /// Decodes a page of that list.
    fn list_response(_head: &HttpHead, _body: &[u8]) -> Result<ModelPage, Failure> {
        Err(failure(FailureKind::Unsupported, "the service does not list its models"))
    }

    /// Returns the request that asks the service to count the tokens of a prompt, as `open` would send it. The default
    /// is for services that do not count.
    fn count_request(_context: &Context, _request: &Request) -> Result<HttpRequest, Failure> {
        Err(failure(FailureKind::Unsupported, "the service does not count tokens"))
    }

    /// Decodes the number of tokens.
    fn count_response(_head: &HttpHead, _body: &[u8]) -> Result<u64, Failure> {
        Err(failure(FailureKind::Unsupported, "the service does not count tokens"))
    }
}

/// Decodes the reply to one exchange.
pub trait Decoder: 'static {
    /// Handles the status and the headers.
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(Vec::new())
    }

    /// Handles a frame of the body.
    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure>;

    /// Handles the end of the body.
    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure>;

    /// Returns the next request of the same exchange, if there is one. Called after `finish` succeeded.
    fn next(&mut self) -> Option<FollowUp> {
        None
    }
}

/// Exports a type that implements [`Provider`] from the component.
#[macro_export]
macro_rules! provider {
    ($provider:ty) => {
        type Component = $crate::Adapter<$provider>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
}

/// Returns a failure of this kind.
pub fn failure(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure {
        kind,
        message: message.into(),
        provider_code: None,
        retry_after_ms: None,
        pointer: None,
    }
}

/// Returns the failure for a part of the request, at `pointer`, that the service cannot express.
pub fn unsupported(pointer: &str, message: impl Into<String>) -> Failure {
    Failure { pointer: Some(pointer.to_string()), ..failure(FailureKind::Unsupported, message) }
}

/// Returns the event with the model's name in the reply, which is a dated version if the request used an alias.
pub fn served_model(name: &str) -> Event {
    let json = serde_json::Value::from(name).to_string();
    Event::Other(Extension { kind: "served-model".into(), json })
}

/// Returns the failure for a reply that does not follow the service's protocol.
pub fn protocol(message: impl Into<String>) -> Failure {
    failure(FailureKind::Protocol, message)
}

/// Returns the value of a setting declared in the manifest, as text.
pub fn setting(context: &Context, name: &str) -> Option<String> {
    let (_, value) = context.settings.iter().find(|(key, _)| key == name)?;
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    Some(value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// Returns the value of a reply's header.
pub fn header<'a>(head: &'a HttpHead, name: &str) -> Option<&'a str> {
    head.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Returns a model for [`Provider::models`]. Limits are in tokens.
pub fn model(id: &str, name: &str, context: u64, output: u64, features: &[&str]) -> ModelInfo {
    ModelInfo {
        id: id.to_string(),
        display_name: name.to_string(),
        context_tokens: Some(context),
        max_output_tokens: Some(output),
        features: features.iter().map(|feature| (*feature).to_string()).collect(),
        pricing: None,
        deprecated: false,
    }
}
