//! Anthropic through its Messages API, version 2026-10-21. The protocol is in `codec`, which is pure.

pub mod codec;

use codec::{count, decode, encode, explain, list};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
    model,
};

/// The provider.
pub struct Anthropic;

impl Provider for Anthropic {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "anthropic".into(),
            display_name: "Anthropic".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    fn models() -> Vec<ModelInfo> {
        let features = [
            "tools",
            "parallel-tools",
            "reasoning",
            "json-schema",
            "json-schema-with-tools",
            "prompt-cache",
            "stop",
            "streaming",
        ];
        [
            ("claude-haiku-5-5", "Claude Haiku 5.5"),
            ("claude-sonnet-5-5", "Claude Sonnet 5.5"),
            ("claude-opus-5-5", "Claude Opus 5.5"),
            ("claude-fable-5-2", "Claude Fable 5.2"),
        ]
        .map(|(id, name)| model(id, name, 1_000_000, 64_000, &features))
        .into()
    }

    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, Self::Decoder), Failure> {
        let (request, notices) = encode::request(request)?;
        Ok((request, decode::Reply::new(notices, context.now_unix_ms)))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        explain::failure(head.status, body)
    }

    fn list_request(_context: &Context) -> HttpRequest {
        list::request(None)
    }

    fn list_response(_head: &HttpHead, body: &[u8]) -> Result<ModelPage, Failure> {
        list::page(body)
    }

    fn count_request(_context: &Context, request: &Request) -> Result<HttpRequest, Failure> {
        count::request(request)
    }

    fn count_response(_head: &HttpHead, body: &[u8]) -> Result<u64, Failure> {
        count::response(body)
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::Anthropic);
}
