//! `GET /v1/models`: lists models with their limits and features.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, json};
use serde_json::Value;

use super::VERSION;

/// Returns the request for the page after the model `after`.
pub fn request(after: Option<&str>) -> HttpRequest {
    let mut query = vec![("limit".to_string(), "1000".to_string())];
    query.extend(after.map(|id| ("after_id".to_string(), id.to_string())));
    HttpRequest {
        endpoint: "api".into(),
        method: "GET".into(),
        path: "/v1/models".into(),
        query,
        headers: vec![("anthropic-version".into(), VERSION.into())],
        body: Vec::new(),
        framing: Framing::Whole,
    }
}

/// Decodes the models of a page and the request for the next one.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    let more = document.get("has_more").and_then(Value::as_bool).unwrap_or(false);
    let next = json::text(&document, "/last_id").filter(|_| more).map(|id| request(Some(id)));
    Ok(ModelPage { models: json::items(&document, "/data").filter_map(model).collect(), next })
}

fn model(json: &Value) -> Option<ModelInfo> {
    let id = json::text(json, "/id")?;
    let lifecycle = json::text(json, "/lifecycle");
    if lifecycle == Some("retired") {
        return None;
    }
    let mut features = vec![
        "tools".to_string(),
        "parallel-tools".into(),
        "prompt-cache".into(),
        "streaming".into(),
    ];
    let has = |name: &str| {
        json.pointer(&format!("/capabilities/{name}"))
            .is_some_and(|c| c.as_bool().unwrap_or(!c.is_null()))
    };
    if has("structured_outputs") {
        features.extend(["json-schema".to_string(), "json-schema-with-tools".into()]);
    }
    if has("thinking") {
        features.push("reasoning".into());
    }
    Some(ModelInfo {
        id: id.to_string(),
        display_name: json::text(json, "/display_name").unwrap_or(id).to_string(),
        context_tokens: json::count(json, "/max_input_tokens"),
        max_output_tokens: json::count(json, "/max_tokens"),
        features,
        pricing: None,
        deprecated: lifecycle == Some("deprecated"),
    })
}
