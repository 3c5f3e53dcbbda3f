//! `POST …/models/{model}:countTokens`: counts the tokens of a prompt.

use massgen_plugin_sdk::{Failure, HttpRequest, Request, json};
use serde_json::{Map, Value};

use super::api::Api;
use super::encode;

/// Returns the request that counts the tokens of a prompt. The Gemini API takes the whole request with the model's full
/// name, Vertex AI only the fields of the prompt.
pub fn request(request: &Request, api: &Api) -> Result<HttpRequest, Failure> {
    let (mut body, _) = encode::body(request)?;
    if let Api::Gemini { .. } = api {
        let model = request.model.strip_prefix("models/").unwrap_or(&request.model);
        body.insert("model".into(), format!("models/{model}").into());
        body = Map::from_iter([("generateContentRequest".to_string(), Value::Object(body))]);
    } else {
        body.retain(|field, _| field != "toolConfig");
    }
    Ok(encode::post(api.path(&request.model, "countTokens"), body))
}

/// Decodes the count.
pub fn response(body: &[u8]) -> Result<u64, Failure> {
    json::required_count(body, "/totalTokens", "the token count")
}
