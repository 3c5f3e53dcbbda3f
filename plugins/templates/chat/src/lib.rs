//! A service with an API like OpenAI's Chat Completions. The protocol is in `codec`, which is pure.

pub mod codec;

use codec::{decode, encode, explain, list};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
    model,
};

/// The provider.
pub struct Chat;

impl Provider for Chat {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "template-chat".into(),
            display_name: "Template Chat".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// The models known at build time. Users can name others, too.
    fn models() -> Vec<ModelInfo> {
        let features =
            ["tools", "parallel-tools", "json-object", "json-schema", "seed", "stop", "streaming"];
        vec![model("template-1", "Template 1", 128_000, 16_000, &features)]
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

    // If the service counts tokens, implement `count_request` and `count_response`, too.
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::Chat);
}
