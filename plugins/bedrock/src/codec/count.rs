//! `POST /model/{id}/count-tokens`: the tokens of a prompt.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, Request, json, unsupported};
use serde_json::{Map, Value, json};

use super::encode;

/// What the prompt is made of.
const PROMPT: &[&str] = &["system", "messages", "toolConfig", "additionalModelRequestFields"];

/// Where a profile that spans regions sends a request. Only the model behind it can count.
const GEOGRAPHIES: &[&str] =
    &["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "global."];

/// The prompt of a request, to be counted.
pub fn request(request: &Request) -> Result<HttpRequest, Failure> {
    if request.model.starts_with("arn:") {
        return Err(unsupported("/model", "Bedrock counts tokens for ids of models, not for ARNs"));
    }
    let (mut converse, _) = encode::body(request)?;
    converse.retain(|field, _| PROMPT.contains(&field.as_str()));
    let body =
        Map::from_iter([("input".to_string(), json!({"converse": Value::Object(converse)}))]);
    Ok(encode::post(model(&request.model), "count-tokens", body, Framing::Whole))
}

/// The model behind a profile.
fn model(id: &str) -> &str {
    GEOGRAPHIES.iter().find_map(|place| id.strip_prefix(place)).unwrap_or(id)
}

/// The count.
pub fn response(body: &[u8]) -> Result<u64, Failure> {
    json::told(body, "/inputTokens", "the count of tokens")
}
