//! `POST /v1/messages/count_tokens`: counts the tokens of a prompt.

use massgen_plugin_sdk::{Failure, Framing, HttpRequest, Request, json};

use super::encode;

/// Fields of the prompt. The service rejects the others, which concern the reply.
const PROMPT: &[&str] =
    &["model", "system", "messages", "tools", "tool_choice", "thinking", "output_config"];

/// Returns the request that counts the tokens of a prompt.
pub fn request(request: &Request) -> Result<HttpRequest, Failure> {
    let (mut body, _) = encode::body(request)?;
    body.retain(|field, _| PROMPT.contains(&field.as_str()));
    Ok(encode::post("/v1/messages/count_tokens", body, Framing::Whole))
}

/// Decodes the count.
pub fn response(body: &[u8]) -> Result<u64, Failure> {
    json::required_count(body, "/input_tokens", "the token count")
}
