//! `GET …/models`: lists models, with limits, features and prices where a service provides them.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, ModelInfo, ModelPage, Pricing, json};
use serde_json::Value;

use super::quirks::Quirks;

/// Returns the request for the only page.
pub fn request(quirks: &Quirks) -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "GET".into(),
        path: if quirks.azure { "/openai/v1/models".into() } else { "/models".into() },
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
        framing: Framing::Whole,
    }
}

/// Decodes the models of the page that generate text.
pub fn page(body: &[u8]) -> Result<ModelPage, Failure> {
    let document = json::parse(body, "the list of models")?;
    let rows = document.get("data").unwrap_or(&document).as_array().cloned().unwrap_or_default();
    Ok(ModelPage { models: rows.iter().filter_map(model).collect(), next: None })
}

fn model(row: &Value) -> Option<ModelInfo> {
    let id = json::text(row, "/id").or_else(|| json::text(row, "/name"))?;
    let flag = |pointer: &str| row.pointer(pointer).and_then(Value::as_bool);
    if flag("/capabilities/completion_chat") == Some(false) || !generates_text(id, row) {
        return None;
    }
    let first = |pointers: &[&str]| pointers.iter().find_map(|pointer| json::count(row, pointer));
    Some(ModelInfo {
        id: id.to_string(),
        display_name: json::text(row, "/name").unwrap_or(id).to_string(),
        context_tokens: first(&[
            "/context_length",
            "/context_window",
            "/max_context_length",
            "/max_model_len",
            "/meta/n_ctx",
            "/limits/max_context_length",
        ]),
        max_output_tokens: first(&[
            "/top_provider/max_completion_tokens",
            "/max_completion_tokens",
            "/max_output_length",
            "/limits/max_completion_tokens",
        ]),
        features: features(row),
        pricing: pricing(row),
        deprecated: row.get("deprecation").is_some_and(|date| !date.is_null())
            || flag("/active") == Some(false),
    })
}

fn features(row: &Value) -> Vec<String> {
    let mut features = Vec::new();
    let words: Vec<&str> = json::items(row, "/supported_parameters")
        .chain(json::items(row, "/supported_features"))
        .chain(json::items(row, "/capabilities"))
        .filter_map(Value::as_str)
        .collect();
    let flags = [
        ("tools", "/capabilities/function_calling", &["tools", "tool_use", "function_calling"][..]),
        ("json-schema", "/capabilities/structured_outputs", &["structured_outputs", "json_schema"]),
        ("reasoning", "/capabilities/reasoning", &["reasoning"]),
        ("vision", "/capabilities/vision", &["vision"]),
    ];
    for (feature, pointer, known) in flags {
        if row.pointer(pointer).and_then(Value::as_bool) == Some(true)
            || words.iter().any(|word| known.contains(word))
        {
            features.push(feature.to_string());
        }
    }
    features
}

/// Reads prices: strings in US dollars per token (`prompt`), or numbers in US dollars per million tokens (`input`).
fn pricing(row: &Value) -> Option<Pricing> {
    let prices = row.get("pricing")?;
    let text = |name: &str| {
        let usd: f64 = prices.get(name)?.as_str()?.parse().ok()?;
        (usd >= 0.0).then_some((usd * 1e12).round() as u64)
    };
    let per_million = |name: &str| {
        let usd = prices.get(name)?.as_f64()?;
        (usd >= 0.0).then_some((usd * 1e6).round() as u64)
    };
    match (text("prompt"), text("completion")) {
        (Some(input), Some(output)) => Some(Pricing {
            input,
            output,
            cache_read: text("input_cache_read"),
            cache_write: text("input_cache_write"),
        }),
        // Zero means that the price is not per token, not that the model is free.
        _ => Some(Pricing {
            input: per_million("input").filter(|price| *price > 0)?,
            output: per_million("output")?,
            cache_read: per_million("cached_input"),
            cache_write: None,
        }),
    }
}

fn generates_text(id: &str, row: &Value) -> bool {
    const OTHERS: &[&str] = &[
        "embed",
        "whisper",
        "tts",
        "dall-e",
        "moderation",
        "guard",
        "rerank",
        "transcribe",
        "stable-diffusion",
        "flux",
        "imagine",
        "ocr",
        "voxtral",
    ];
    let kind = json::text(row, "/type").unwrap_or("chat");
    let is_chat = ["chat", "language", "code", "model", "llm", "vlm", "base"].contains(&kind);
    let id = id.to_ascii_lowercase();
    is_chat && !OTHERS.iter().any(|other| id.contains(other))
}
