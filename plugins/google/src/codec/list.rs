//! `GET /{version}/models`: lists models.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, json};
use serde_json::Value;

/// Returns the request for a page.
pub fn request(version: &str, token: Option<&str>) -> HttpRequest {
    let mut query = vec![("pageSize".to_string(), "1000".to_string())];
    query.extend(token.map(|token| ("pageToken".to_string(), token.to_string())));
    HttpRequest {
        endpoint: "api".into(),
        method: "GET".into(),
        path: format!("/{version}/models"),
        query,
        headers: Vec::new(),
        body: Vec::new(),
        framing: Framing::Whole,
    }
}

/// Decodes the models of a page that can generate text, and the request for the next page.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    // Page tokens are valid in both versions; v1beta lists all models.
    let next = json::text(&document, "/nextPageToken")
        .filter(|token| !token.is_empty())
        .map(|token| request("v1beta", Some(token)));
    let published = json::items(&document, "/publisherModels").filter_map(published);
    let models = json::items(&document, "/models").filter_map(model).chain(published);
    Ok(ModelPage { models: models.collect(), next })
}

/// Decodes a model of Vertex AI, which lists only names.
fn published(json: &Value) -> Option<ModelInfo> {
    let id = json::text(json, "/name")?.rsplit('/').next()?;
    id.starts_with("gemini").then(|| ModelInfo {
        id: id.to_string(),
        display_name: id.to_string(),
        context_tokens: None,
        max_output_tokens: None,
        features: Vec::new(),
        pricing: None,
        deprecated: false,
    })
}

fn model(json: &Value) -> Option<ModelInfo> {
    let id = json::text(json, "/name")?.trim_start_matches("models/");
    if !json::items(json, "/supportedGenerationMethods").any(|method| method == "generateContent") {
        return None;
    }
    let mut features = vec!["streaming".to_string(), "json-object".into()];
    if json.get("thinking").and_then(Value::as_bool) == Some(true) {
        features.push("reasoning".into());
    }
    Some(ModelInfo {
        id: id.to_string(),
        display_name: json::text(json, "/displayName").unwrap_or(id).to_string(),
        context_tokens: json::count(json, "/inputTokenLimit"),
        max_output_tokens: json::count(json, "/outputTokenLimit"),
        features,
        pricing: None,
        deprecated: false,
    })
}

/// Returns the request for Google's models on Vertex AI.
pub fn request_publisher() -> HttpRequest {
    let mut asked = request("v1beta1", None);
    asked.path = "/v1beta1/publishers/google/models".into();
    asked.query.clear();
    asked
}
