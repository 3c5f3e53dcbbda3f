//! `POST /v1/messages/count_tokens`: the tokens of a prompt.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, Request, json};

use super::encode;

/// What the prompt is made of. The rest of a request is about the reply, and refused here.
const PROMPT: &[&str] =
    &["model", "system", "messages", "tools", "tool_choice", "thinking", "output_config"];

/// The prompt of a request, to be counted.
pub fn request(request: &Request) -> Result<HttpRequest, Failure> {
    let (mut body, _) = encode::body(request)?;
    body.retain(|field, _| PROMPT.contains(&field.as_str()));
    Ok(encode::post("/v1/messages/count_tokens", body, Framing::Whole))
}

/// The count.
pub fn response(body: &[u8]) -> Result<u64, Failure> {
    json::told(body, "/input_tokens", "the count of tokens")
}
