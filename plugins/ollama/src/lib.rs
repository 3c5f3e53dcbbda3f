//! Ollama through its native protocol. The OpenAI-compatible one ignores the size of the context window and silently
//! truncates long prompts. The protocol is in `codec`, which is pure.

pub mod codec;

use codec::{decode, encode, explain, list, window};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
    setting,
};

/// The provider.
pub struct Ollama;

impl Provider for Ollama {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "ollama".into(),
            display_name: "Ollama".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// Empty: only the server knows which models were pulled.
    fn models() -> Vec<ModelInfo> {
        Vec::new()
    }

    /// Starts with a request for the length of the model's context.
    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, Self::Decoder), Failure> {
        let (chat, notices) = encode::body(request)?;
        let fixed = setting(context, "num-ctx").and_then(|text| text.parse().ok());
        let need = window::need(request);
        Ok((encode::show(&request.model), decode::Reply::new(chat, notices, need, fixed)))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        explain::failure(head.status, body)
    }

    fn list_request(_context: &Context) -> HttpRequest {
        list::request()
    }

    fn list_response(_head: &HttpHead, body: &[u8]) -> Result<ModelPage, Failure> {
        list::page(body)
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::Ollama);
}
