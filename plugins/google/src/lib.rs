//! Google's Gemini API through generateContent. The protocol is in `codec`, which is pure.

pub mod codec;

use codec::api::Api;
use codec::{count, decode, encode, explain, list};
use massgen_plugin_sdk::{
    Context, Failure, HttpHead, HttpRequest, ModelInfo, ModelPage, Provider, ProviderInfo, Request,
    model, setting,
};

/// The provider.
pub struct Google;

impl Provider for Google {
    type Decoder = decode::Reply;

    fn describe() -> ProviderInfo {
        ProviderInfo {
            id: "google".into(),
            display_name: "Google".into(),
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
            "seed",
            "stop",
            "streaming",
        ];
        [
            ("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
            ("gemini-3.8-flash", "Gemini 3.8 Flash"),
            ("gemini-4-argon", "Gemini 4 Argon"),
        ]
        .map(|(id, name)| model(id, name, 1_048_576, 65_536, &features))
        .into()
    }

    fn open(context: &Context, request: &Request) -> Result<(HttpRequest, Self::Decoder), Failure> {
        let (request, notices) = encode::request(request, &api(context)?)?;
        Ok((request, decode::Reply::new(notices)))
    }

    fn explain(head: &HttpHead, body: &[u8]) -> Failure {
        explain::failure(head.status, body)
    }

    fn list_request(context: &Context) -> HttpRequest {
        if setting(context, "url-style").as_deref() == Some("vertex") {
            return list::request_publisher();
        }
        // v1beta lists the models of v1 and the previews.
        let version = setting(context, "api-version").filter(|version| version == "v1");
        list::request(version.as_deref().unwrap_or("v1beta"), None)
    }

    fn list_response(_head: &HttpHead, body: &[u8]) -> Result<ModelPage, Failure> {
        list::page(body)
    }

    fn count_request(context: &Context, request: &Request) -> Result<HttpRequest, Failure> {
        count::request(request, &api(context)?)
    }

    fn count_response(_head: &HttpHead, body: &[u8]) -> Result<u64, Failure> {
        count::response(body)
    }
}

/// Returns the API that the settings select.
fn api(context: &Context) -> Result<Api, Failure> {
    let text = |name: &str| setting(context, name).unwrap_or_default();
    if text("url-style") != "vertex" {
        let version = setting(context, "api-version").unwrap_or_else(|| "auto".into());
        return Ok(Api::Gemini { version });
    }
    if text("auth-scheme") != "google-adc" {
        return Ok(Api::VertexExpress);
    }
    let (project, location) = (text("project"), text("location"));
    if project.is_empty() {
        return Err(Failure {
            pointer: Some("/settings/project".into()),
            ..massgen_plugin_sdk::failure(
                massgen_plugin_sdk::FailureKind::InvalidRequest,
                "Vertex AI needs a project: set GOOGLE_CLOUD_PROJECT",
            )
        });
    }
    Ok(Api::Vertex { project, location })
}

#[cfg(target_arch = "wasm32")]
mod component {
    massgen_plugin_sdk::provider!(super::Google);
}
