//! The trait that `runtime` implements with components, and tests with scripts.

use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::event::{Event, StopReason, Usage};
use crate::failure::Failure;
use crate::request::{Part, Request};

/// A future of an exchange; boxed, so that providers can stand behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An LLM service, ready to be asked: protocol, endpoint and credential are settled.
pub trait Provider: Send + Sync {
    /// The provider's id, e.g. `openai`.
    fn id(&self) -> &str;

    /// Sends one request and gathers the reply; `observer` sees it grow. Dropping the future cancels.
    fn exchange<'a>(
        &'a self,
        request: &'a Request,
        observer: &'a mut dyn Observer,
    ) -> BoxFuture<'a, Result<Reply, ExchangeError>>;

    /// Asks the service for the models it offers.
    fn list_models(&self) -> BoxFuture<'_, Result<Vec<ListedModel>, Failure>>;

    /// Has the service count the tokens of a request's prompt; no model is asked. `unsupported` where the
    /// service or its plugin can't, with a pointer where it is a part of the request that stands in the way.
    fn count_tokens<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<u64, Failure>>;
}

/// Watches an exchange.
pub trait Observer: Send {
    /// An event arrived.
    fn event(&mut self, event: &Event);
    /// An attempt failed and another follows after `wait_ms`. `attempt` is the one that failed, from 1.
    fn retrying(&mut self, attempt: u32, wait_ms: u64, failure: &Failure);
}

/// An observer that looks away.
#[derive(Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn event(&mut self, _event: &Event) {}
    fn retrying(&mut self, _attempt: u32, _wait_ms: u64, _failure: &Failure) {}
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Text, reasoning, tool calls and opaque state in order; neighbouring pieces are joined. Goes
    /// back as the assistant's message unchanged.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub stop: StopReason,
    /// Tokens, as far as the service tells.
    pub usage: Usage,
    /// Lines for the user.
    pub notices: Vec<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// The model as the service names it in its reply: an alias may stand for a dated version.
    pub served_model: Option<String>,
    /// What the service says that it charges, in US dollars.
    pub billed_usd: Option<f64>,
    /// HTTP requests that were sent, failed ones included.
    pub attempts: u32,
}

impl Reply {
    /// All text of the reply, joined.
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|p| if let Part::Text(t) = p { Some(t.as_str()) } else { None })
            .collect()
    }
}

/// An exchange that did not end well.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{failure}")]
pub struct ExchangeError {
    /// Why.
    pub failure: Failure,
    /// The service had accepted the request and begun to reply.
    pub begun: bool,
    /// What had arrived until then.
    pub partial: Vec<Part>,
    /// Tokens, as far as the service told before the end.
    pub usage: Usage,
    /// HTTP requests that were sent.
    pub attempts: u32,
}

impl From<Failure> for ExchangeError {
    fn from(failure: Failure) -> Self {
        Self { failure, begun: false, partial: Vec::new(), usage: Usage::default(), attempts: 0 }
    }
}

/// A model as its service lists it. What the service does not tell is `None` or absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedModel {
    /// The model's id.
    pub id: String,
    /// A name for people.
    pub display_name: String,
    /// Size of the context window.
    pub context_tokens: Option<u64>,
    /// Upper bound of one reply.
    pub max_output_tokens: Option<u64>,
    /// As in the catalogue: `tools`, `json-schema`, `reasoning`, …
    pub features: Vec<String>,
    /// The service says it will go away.
    pub deprecated: bool,
    /// The service's own prices.
    pub price: Option<ListedPrice>,
}

/// Prices that a service lists, in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ListedPrice {
    /// Prompt.
    pub input_per_mtok: f64,
    /// Reply.
    pub output_per_mtok: f64,
    /// Prompt that is read from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_per_mtok: Option<f64>,
    /// Prompt that is written to the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_per_mtok: Option<f64>,
}
