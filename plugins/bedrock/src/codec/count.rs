//! `POST /model/{id}/count-tokens`: counts the tokens of a prompt.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, Request, json, unsupported};
use serde_json::{Map, Value, json};

use super::encode;

/// Fields of the prompt.
const PROMPT: &[&str] = &["system", "messages", "toolConfig", "additionalModelRequestFields"];

/// Prefixes of cross-region inference profiles. Only the underlying model can count tokens.
const GEOGRAPHIES: &[&str] =
    &["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "global."];

/// Returns the request that counts the tokens of a prompt.
pub fn request(request: &Request) -> Result<HttpRequest, Failure> {
    if request.model.starts_with("arn:") {
        return Err(unsupported(
            "/model",
            "Bedrock counts tokens for model ids only, not for ARNs",
        ));
    }
    let (mut converse, _) = encode::body(request)?;
    converse.retain(|field, _| PROMPT.contains(&field.as_str()));
    let body =
        Map::from_iter([("input".to_string(), json!({"converse": Value::Object(converse)}))]);
    Ok(encode::post(model(&request.model), "count-tokens", body, Framing::Whole))
}

/// Returns the underlying model of a profile.
fn model(id: &str) -> &str {
    GEOGRAPHIES.iter().find_map(|prefix| id.strip_prefix(prefix)).unwrap_or(id)
}

/// Decodes the count.
pub fn response(body: &[u8]) -> Result<u64, Failure> {
    json::required_count(body, "/inputTokens", "the token count")
}
