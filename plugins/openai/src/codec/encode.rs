//! Encodes requests to `POST /responses`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, Message, OutputFormat, Part, Reasoning, Request, Role,
    ToolChoice, ToolOutput, json, unsupported,
};
use serde_json::{Map, Value, json};

use super::is_reasoning;

/// Minimum output limit that the service accepts.
const OUTPUT_TOKENS_MIN: u32 = 16;

/// Models that reject effort `none`.
const ALWAYS_REASON: &[&str] = &["gpt-6-astra", "gpt-6.1-sol", "gpt-6.2-astra", "gpt-6.2-sol"];

/// Encodes a request. Also returns notices for the user.
pub fn request(request: &Request) -> Result<(HttpRequest, Vec<String>), Failure> {
    let (body, notices) = body(request)?;
    let framing = if request.stream { Framing::Sse } else { Framing::Whole };
    Ok((post("/responses", body, framing), notices))
}

/// Returns an HTTP request with a JSON body.
pub(super) fn post(path: &str, body: Map<String, Value>, framing: Framing) -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "POST".into(),
        path: path.into(),
        query: Vec::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Value::Object(body).to_string().into_bytes(),
        framing,
    }
}

/// Returns the JSON body of a request.
pub(super) fn body(request: &Request) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut notices = Vec::new();
    let mut body = Map::new();
    body.insert("model".into(), request.model.clone().into());
    let instructions = instructions(&request.messages);
    if !instructions.is_empty() {
        body.insert("instructions".into(), instructions.into());
    }
    body.insert("input".into(), input(&request.messages)?);
    // Logs are sensitive, so the service must not store them. Reasoning is therefore sent back encrypted.
    body.insert("store".into(), false.into());
    body.insert("stream".into(), request.stream.into());
    tools(request, &mut body)?;
    output(&request.output, &mut body)?;
    let effort = reasoning(request, &mut body, &mut notices);
    sampling(request, effort.as_deref(), &mut body, &mut notices)?;
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("OpenAI has no option `{name}`")));
    }
    Ok((body, notices))
}

fn instructions(messages: &[Message]) -> String {
    let texts =
        messages.iter().filter(|m| m.role == Role::System).flat_map(|m| &m.parts).filter_map(
            |part| match part {
                Part::Text(text) => Some(text.as_str()),
                _ => None,
            },
        );
    texts.collect::<Vec<_>>().join("\n\n")
}

fn input(messages: &[Message]) -> Result<Value, Failure> {
    let mut items = Vec::new();
    for (at, message) in messages.iter().enumerate().filter(|(_, m)| m.role != Role::System) {
        for (part_at, part) in message.parts.iter().enumerate() {
            let pointer = format!("/messages/{at}/parts/{part_at}");
            match part {
                Part::Text(text) => items.push(json!({
                    "type": "message",
                    "role": if message.role == Role::Assistant { "assistant" } else { "user" },
                    "content": text,
                })),
                Part::ToolCall(call) => items.push(json!({
                    "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments_json,
                })),
                Part::ToolResult(result) => items.push(json!({
                    "type": "function_call_output", "call_id": result.call_id, "output": text_of(&result.content, &pointer)?,
                })),
                // A reasoning item is sent back unchanged.
                Part::Opaque(opaque) => items.push(json::embedded(&opaque.data, &pointer)?),
                Part::Reasoning(_) => {}
                Part::Image(_) | Part::Document(_) => return Err(unsupported(&pointer, "this plugin sends only text to OpenAI")),
            }
        }
    }
    Ok(Value::Array(items))
}

fn text_of(content: &[ToolOutput], pointer: &str) -> Result<String, Failure> {
    let mut text = String::new();
    for output in content {
        match output {
            ToolOutput::Text(piece) => text.push_str(piece),
            ToolOutput::Image(_) => {
                return Err(unsupported(pointer, "this plugin sends only text to OpenAI"));
            }
        }
    }
    Ok(text)
}

fn tools(request: &Request, body: &mut Map<String, Value>) -> Result<(), Failure> {
    if request.tools.is_empty() {
        return Ok(());
    }
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        tools.push(json!({
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": json::embedded(&tool.input_schema_json, &format!("/tools/{at}/input-schema-json"))?,
            "strict": true,
        }));
    }
    body.insert("tools".into(), tools.into());
    body.insert("parallel_tool_calls".into(), true.into());
    let choice = match &request.tool_choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({"type": "function", "name": name}),
    };
    body.insert("tool_choice".into(), choice);
    Ok(())
}

fn output(output: &OutputFormat, body: &mut Map<String, Value>) -> Result<(), Failure> {
    let format = match output {
        OutputFormat::Text => return Ok(()),
        OutputFormat::JsonObject => json!({"type": "json_object"}),
        OutputFormat::JsonSchema(named) => json!({
            "type": "json_schema",
            "name": named.name,
            "schema": json::embedded(&named.schema_json, "/output/schema-json")?,
            "strict": named.strict,
        }),
    };
    body.insert("text".into(), json!({"format": format}));
    Ok(())
}

/// Sets the reasoning. Returns the effort, if one is sent.
fn reasoning(
    request: &Request,
    body: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) -> Option<String> {
    let model = request.model.as_str();
    if !is_reasoning(model) {
        if !matches!(request.reasoning, Reasoning::Unset | Reasoning::Off) {
            notices.push(format!("the reasoning setting was not sent: {model} does not reason"));
        }
        return None;
    }
    body.insert("include".into(), json!(["reasoning.encrypted_content"]));
    let effort = match &request.reasoning {
        Reasoning::Unset => return None,
        Reasoning::Off
            if ALWAYS_REASON.iter().any(|name| model.starts_with(name))
                || model.starts_with('o') =>
        {
            notices.push(format!("{model} cannot disable reasoning; using effort `low`"));
            "low"
        }
        Reasoning::Off if model == "gpt-5" || model.starts_with("gpt-5-") => "minimal",
        Reasoning::Off => "none",
        Reasoning::Level(level) if level == "minimal" && model.starts_with('o') => {
            notices.push(format!("{model} has no effort `minimal`; using `low`"));
            "low"
        }
        Reasoning::Level(level) => level,
        Reasoning::BudgetTokens(tokens) => {
            let effort = match tokens {
                0..2_048 => "low",
                2_048..8_192 => "medium",
                _ => "high",
            };
            notices.push(format!(
                "OpenAI has no reasoning budget: {tokens} tokens became effort `{effort}`"
            ));
            effort
        }
    };
    body.insert("reasoning".into(), json!({"effort": effort}));
    Some(effort.to_string())
}

fn sampling(
    request: &Request,
    effort: Option<&str>,
    body: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) -> Result<(), Failure> {
    let sampling = &request.sampling;
    if sampling.seed.is_some() {
        return Err(unsupported("/sampling/seed", "the Responses API does not support a seed"));
    }
    if !sampling.stop.is_empty() {
        return Err(unsupported(
            "/sampling/stop",
            "the Responses API does not support stop sequences",
        ));
    }
    if let Some(tokens) = sampling.max_output_tokens {
        if tokens < OUTPUT_TOKENS_MIN {
            notices.push(format!("max-output-tokens was raised from {tokens} to {OUTPUT_TOKENS_MIN}, OpenAI's minimum"));
        }
        body.insert("max_output_tokens".into(), tokens.max(OUTPUT_TOKENS_MIN).into());
    }
    let fixed = is_reasoning(&request.model) && effort != Some("none");
    for (name, value) in [("temperature", sampling.temperature), ("top_p", sampling.top_p)] {
        match value {
            Some(_) if fixed => {
                notices.push(format!("{name} was not sent: {} does not accept it", request.model))
            }
            Some(value) => {
                body.insert(name.into(), value.into());
            }
            None => {}
        }
    }
    Ok(())
}
