//! `GET /{version}/models`.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, json};
use serde_json::Value;

/// The request for a page.
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

/// Models of a page that can answer, and the request for the next one.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    // A token is good for either version; v1beta knows all of them.
    let next = json::text(&document, "/nextPageToken")
        .filter(|token| !token.is_empty())
        .map(|token| request("v1beta", Some(token)));
    Ok(ModelPage { models: json::items(&document, "/models").filter_map(model).collect(), next })
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
