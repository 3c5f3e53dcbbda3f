//! `GET /models`: lists models.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, json};

/// Returns the request for the only page.
pub fn request() -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "GET".into(),
        path: "/models".into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
        framing: Framing::Whole,
    }
}

/// Decodes the models of the page. Information that the service does not provide is `None`.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    let models = json::items(&document, "/data").filter_map(|model| {
        let id = json::text(model, "/id")?;
        Some(ModelInfo {
            id: id.to_string(),
            display_name: json::text(model, "/name").unwrap_or(id).to_string(),
            context_tokens: json::count(model, "/context_length"),
            max_output_tokens: None,
            features: Vec::new(),
            pricing: None,
            deprecated: false,
        })
    });
    Ok(ModelPage { models: models.collect(), next: None })
}
