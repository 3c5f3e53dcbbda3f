//! `GET /api/tags`: lists the models that were pulled.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, json};

/// Returns the request for the only page.
pub fn request() -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "GET".into(),
        path: "/api/tags".into(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
        framing: Framing::Whole,
    }
}

/// Decodes the models of the page.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    let models = json::items(&document, "/models").filter_map(|model| {
        let id = json::text(model, "/model").or_else(|| json::text(model, "/name"))?;
        let size =
            json::text(model, "/details/parameter_size").map(|size| format!("{id} ({size})"));
        Some(ModelInfo {
            id: id.to_string(),
            display_name: size.unwrap_or_else(|| id.to_string()),
            context_tokens: json::count(model, "/details/context_length"),
            max_output_tokens: None,
            features: json::items(model, "/capabilities")
                .filter_map(|word| word.as_str().map(String::from))
                .filter(|word| ["tools", "vision"].contains(&word.as_str()))
                .collect(),
            pricing: None,
            deprecated: false,
        })
    });
    Ok(ModelPage { models: models.collect(), next: None })
}
