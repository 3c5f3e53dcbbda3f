//! Amazon Bedrock through Converse, its common API for all models. The protocol is in `codec`, which is pure.

pub mod codec;

use codec::{count, decode, encode, explain, list};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
};

/// The provider.
pub struct Bedrock;

impl Provider for Bedrock {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "bedrock".into(),
            display_name: "Amazon Bedrock".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// Empty: models differ by region.
    fn models() -> Vec<ModelInfo> {
        Vec::new()
    }

    fn open(
        _context: &Context,
        request: &Request,
    ) -> Result<(HttpRequest, Self::Decoder), Failure> {
        let (http, notices) = encode::request(request)?;
        Ok((http, decode::Reply::new(notices)))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        explain::failure(head, body)
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
    massgen_plugin_sdk::provider!(super::Bedrock);
}
