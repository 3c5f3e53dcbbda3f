//! OpenAI through its Responses API, since Chat Completions rejects tools together with reasoning from gpt-5.4 on. The
//! protocol is in `codec`, which is pure.

pub mod codec;

use codec::{count, decode, encode, explain, list};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
    model,
};

/// The provider.
pub struct OpenAi;

impl Provider for OpenAi {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "openai".into(),
            display_name: "OpenAI".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    fn models() -> Vec<ModelInfo> {
        let features = [
            "tools",
            "parallel-tools",
            "reasoning",
            "json-object",
            "json-schema",
            "json-schema-with-tools",
            "prompt-cache",
            "streaming",
        ];
        [
            ("gpt-6-luna", "GPT-6 Luna"),
            ("gpt-6.1-terra", "GPT-6.1 Terra"),
            ("gpt-6.1-sol", "GPT-6.1 Sol"),
            ("gpt-6-astra", "GPT-6 Astra"),
        ]
        .map(|(id, name)| model(id, name, 1_050_000, 128_000, &features))
        .into()
    }

    fn open(
        _context: &Context,
        request: &Request,
    ) -> Result<(HttpRequest, Self::Decoder), Failure> {
        let (request, notices) = encode::request(request)?;
        Ok((request, decode::Reply::new(notices)))
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

    fn count_request(_context: &Context, request: &Request) -> Result<HttpRequest, Failure> {
        count::request(request)
    }

    fn count_response(_head: &HttpHead, body: &[u8]) -> Result<u64, Failure> {
        count::response(body)
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::OpenAi);
}
