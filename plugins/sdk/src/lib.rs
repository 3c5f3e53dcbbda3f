//! What every author of a provider uses: the contract's types, a trait and one macro, JSON helpers, and
//! the classification of errors. A provider is a pure function of what it is given.

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

/// A provider. All functions are pure; nothing survives between exchanges but what `open` returns.
pub trait Provider: 'static {
    /// Turns the reply of one exchange into events.
    type Decoder: Decoder;

    /// Who this is; equal to the manifest.
    fn describe() -> ProviderInfo;

    /// Models known when the plugin was built.
    fn models() -> Vec<ModelInfo>;

    /// Encodes a request. What the service can't express is `unsupported` with a pointer.
    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, Self::Decoder), Failure>;

    /// Says what a status of 400 or above means.
    fn explain(head: &HttpHead, body: &[u8]) -> Failure;

    /// The request for the first page of the service's own list of models. A service without one leaves
    /// this as it is: a request to no endpoint, which the host does not send.
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

    /// A page of that list.
    fn list_response(_head: &HttpHead, _body: &[u8]) -> Result<ModelPage, Failure> {
        Err(failure(FailureKind::Unsupported, "the service has no list of models"))
    }

    /// The request that has the service count the prompt of `request`, as `open` would send it. A service that
    /// counts nothing leaves this as it is.
    fn count_request(_context: &Context, _request: &Request) -> Result<HttpRequest, Failure> {
        Err(failure(FailureKind::Unsupported, "the service counts no tokens"))
    }

    /// The tokens that it counted.
    fn count_response(_head: &HttpHead, _body: &[u8]) -> Result<u64, Failure> {
        Err(failure(FailureKind::Unsupported, "the service counts no tokens"))
    }
}

/// Decodes one reply.
pub trait Decoder: 'static {
    /// Status and headers arrived.
    fn head(&mut self, _head: &HttpHead) -> Result<Vec<Event>, Failure> {
        Ok(Vec::new())
    }

    /// One frame arrived.
    fn frame(&mut self, frame: Frame) -> Result<Vec<Event>, Failure>;

    /// The body is over.
    fn finish(&mut self, end: BodyEnd) -> Result<Vec<Event>, Failure>;

    /// What to send next in the same exchange, asked for after `finish` said nothing against it.
    fn next(&mut self) -> Option<FollowUp> {
        None
    }
}

/// Makes a type that implements [`Provider`] the component's exports.
#[macro_export]
macro_rules! provider {
    ($provider:ty) => {
        type Component = $crate::Adapter<$provider>;
        $crate::bindings::export!(Component with_types_in $crate::bindings);
    };
}

/// A failure of this kind.
pub fn failure(kind: FailureKind, message: impl Into<String>) -> Failure {
    Failure {
        kind,
        message: message.into(),
        provider_code: None,
        retry_after_ms: None,
        pointer: None,
    }
}

/// The service can't express the part of the request at `pointer`.
pub fn unsupported(pointer: &str, message: impl Into<String>) -> Failure {
    Failure { pointer: Some(pointer.to_string()), ..failure(FailureKind::Unsupported, message) }
}

/// The model as the service names it in its reply: an alias may stand for a dated version.
pub fn served_model(name: &str) -> Event {
    let json = serde_json::Value::from(name).to_string();
    Event::Other(Extension { kind: "served-model".into(), json })
}

/// The reply does not follow the service's protocol.
pub fn protocol(message: impl Into<String>) -> Failure {
    failure(FailureKind::Protocol, message)
}

/// The value of a setting of the manifest, as text.
pub fn setting(context: &Context, name: &str) -> Option<String> {
    let (_, value) = context.settings.iter().find(|(key, _)| key == name)?;
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    Some(value.as_str().map_or_else(|| value.to_string(), String::from))
}

/// The value of a reply's header.
pub fn header<'a>(head: &'a HttpHead, name: &str) -> Option<&'a str> {
    head.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A model for `Provider::models`.
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
