//! Services with the Chat Completions API. Their differences are settings of the manifest (`codec::quirks`); the code
//! does not depend on the name of a service.

pub mod codec;

use codec::quirks::Quirks;
use codec::{decode, encode, explain, list};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
};

/// The provider.
pub struct OpenAiCompatible;

impl Provider for OpenAiCompatible {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "openai-compatible".into(),
            display_name: "OpenAI-compatible service".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// Empty: models differ by service.
    fn models() -> Vec<ModelInfo> {
        Vec::new()
    }

    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, Self::Decoder), Failure> {
        let quirks = Quirks::of(context);
        let (request, notices) = encode::request(request, &quirks)?;
        Ok((request, decode::Reply::new(quirks.service, notices)))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        explain::failure(head.status, body)
    }

    fn list_request(context: &Context) -> HttpRequest {
        list::request(&Quirks::of(context))
    }

    fn list_response(_head: &HttpHead, body: &[u8]) -> Result<ModelPage, Failure> {
        list::page(body)
    }
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::OpenAiCompatible);
}
