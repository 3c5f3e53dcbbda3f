//! `POST …/models/{model}:countTokens`: the tokens of a prompt.

use massgen_plugin_sdk::{Failure, HttpRequest, Request, json};
use serde_json::{Map, Value};

use super::encode::{self, Place};

/// The prompt of a request, to be counted. The Gemini API takes the whole request, with its model's full name; Vertex AI
/// takes the parts that a prompt is made of.
pub fn request(request: &Request, place: &Place) -> Result<HttpRequest, Failure> {
    let (mut body, _) = encode::body(request)?;
    if let Place::Gemini { .. } = place {
        let model = request.model.strip_prefix("models/").unwrap_or(&request.model);
        body.insert("model".into(), format!("models/{model}").into());
        body = Map::from_iter([("generateContentRequest".to_string(), Value::Object(body))]);
    } else {
        body.retain(|field, _| field != "toolConfig");
    }
    Ok(encode::post(place.path(&request.model, "countTokens"), body))
}

/// The count.
pub fn response(body: &[u8]) -> Result<u64, Failure> {
    json::told(body, "/totalTokens", "the count of tokens")
}
