//! `GET /models`: lists model ids. The service provides neither limits nor features.

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

/// Decodes the models of the page that generate text.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    let models = json::items(&document, "/data").filter_map(|model| {
        let id = json::text(model, "/id")?;
        generates_text(id).then(|| ModelInfo {
            id: id.to_string(),
            display_name: id.to_string(),
            context_tokens: None,
            max_output_tokens: None,
            features: Vec::new(),
            pricing: None,
            deprecated: model.get("shutdown_date").is_some_and(|date| !date.is_null()),
        })
    });
    Ok(ModelPage { models: models.collect(), next: None })
}

fn generates_text(id: &str) -> bool {
    const OTHERS: &[&str] = &[
        "embedding",
        "whisper",
        "tts",
        "dall-e",
        "moderation",
        "image",
        "transcribe",
        "realtime",
        "audio",
        "sora",
        "babbage",
        "davinci",
    ];
    !OTHERS.iter().any(|other| id.contains(other))
}
