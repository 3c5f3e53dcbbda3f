//! `GET /foundation-models`: lists models.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, json};

/// Returns the request for the only page.
pub fn request() -> HttpRequest {
    HttpRequest {
        endpoint: "control".into(),
        method: "GET".into(),
        path: "/foundation-models".into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
        framing: Framing::Whole,
    }
}

/// Decodes the models that return text.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    let models = json::items(&document, "/modelSummaries").filter_map(|model| {
        let id = json::text(model, "/modelId")?;
        let texts = json::items(model, "/outputModalities").any(|kind| kind == "TEXT");
        texts.then(|| ModelInfo {
            id: id.to_string(),
            display_name: json::text(model, "/modelName").unwrap_or(id).to_string(),
            context_tokens: None,
            max_output_tokens: None,
            features: Vec::new(),
            pricing: None,
            deprecated: json::text(model, "/modelLifecycle/status") == Some("LEGACY"),
        })
    });
    Ok(ModelPage { models: models.collect(), next: None })
}
