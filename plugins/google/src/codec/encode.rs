//! Encodes requests to `POST /{version}/models/{model}:generateContent`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, Message, OutputFormat, Part, Reasoning, Request, Role,
    ToolChoice, ToolOutput, json, unsupported,
};
use serde_json::{Map, Value, json};

use super::api::Api;
use super::{OWN_ID, SIGNATURE};

/// Placeholder that the service accepts for tool calls without a signature, such as those from another conversation.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Encodes a request. Also returns notices for the user.
pub fn request(request: &Request, api: &Api) -> Result<(HttpRequest, Vec<String>), Failure> {
    let (body, notices) = body(request)?;
    let verb = if request.stream { "streamGenerateContent" } else { "generateContent" };
    let mut http = post(api.path(&request.model, verb), body);
    if request.stream {
        http.query.push(("alt".into(), "sse".into()));
        http.framing = Framing::Sse;
    }
    Ok((http, notices))
}

/// Returns an HTTP request with a JSON body, for a reply in one piece.
pub(super) fn post(path: String, body: Map<String, Value>) -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "POST".into(),
        path,
        query: Vec::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Value::Object(body).to_string().into_bytes(),
        framing: Framing::Whole,
    }
}

/// Returns the JSON body of a request.
pub(super) fn body(request: &Request) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut notices = Vec::new();
    let generation = generation(&request.model);
    let mut body = Map::new();
    let system: Vec<Value> = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System)
        .flat_map(|message| &message.parts)
        .filter_map(
            |part| if let Part::Text(text) = part { Some(json!({"text": text})) } else { None },
        )
        .collect();
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({"parts": system}));
    }
    body.insert("contents".into(), contents(&request.messages, generation)?);
    tools(request, &mut body)?;
    let config = config(request, generation, &mut notices)?;
    if !config.is_empty() {
        body.insert("generationConfig".into(), config.into());
    }
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("Google has no option `{name}`")));
    }
    Ok((body, notices))
}

/// Returns the model's generation, from its name. An alias without a number is the newest one.
fn generation(model: &str) -> u32 {
    let name = model.strip_prefix("models/").unwrap_or(model);
    let digits = name
        .strip_prefix("gemini-")
        .map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(3)
}

fn contents(messages: &[Message], generation: u32) -> Result<Value, Failure> {
    let mut turns: Vec<(bool, Vec<Value>)> = Vec::new();
    for (at, message) in messages.iter().enumerate().filter(|(_, m)| m.role != Role::System) {
        let of_model = message.role == Role::Assistant;
        let parts = parts(message, at, generation)?;
        match turns.last_mut() {
            Some((earlier, all)) if *earlier == of_model => all.extend(parts),
            _ => turns.push((of_model, parts)),
        }
    }
    let turns = turns.into_iter().filter(|(_, parts)| !parts.is_empty());
    Ok(turns.map(|(of_model, parts)| json!({"role": if of_model { "model" } else { "user" }, "parts": parts})).collect())
}

fn parts(message: &Message, at: usize, generation: u32) -> Result<Vec<Value>, Failure> {
    let mut parts = Vec::new();
    let mut signature: Option<&str> = None;
    let mut calls = 0;
    for (part_at, part) in message.parts.iter().enumerate() {
        let pointer = format!("/messages/{at}/parts/{part_at}");
        let mut encoded = match part {
            Part::Text(text) => json!({"text": text}),
            Part::ToolCall(call) => {
                let mut function = json!({"name": call.name, "args": json::embedded(&call.arguments_json, &pointer)?});
                add_id(&mut function, &call.id);
                if calls == 0 && signature.is_none() && generation >= 3 {
                    signature = Some(NO_SIGNATURE);
                }
                calls += 1;
                json!({"functionCall": function})
            }
            Part::ToolResult(result) => {
                let text = text_of(&result.content, &pointer)?;
                let response =
                    if result.is_error { json!({"error": text}) } else { json!({"output": text}) };
                let mut function = json!({"name": result.name, "response": response});
                add_id(&mut function, &result.call_id);
                json!({"functionResponse": function})
            }
            Part::Opaque(opaque) if opaque.kind == SIGNATURE => {
                signature = Some(&opaque.data);
                continue;
            }
            Part::Opaque(_) | Part::Reasoning(_) => continue,
            Part::Image(_) | Part::Document(_) => {
                return Err(unsupported(&pointer, "this plugin sends only text to Google"));
            }
        };
        if let Some(signature) = signature.take() {
            encoded["thoughtSignature"] = signature.into();
        }
        parts.push(encoded);
    }
    // The last signature of a reply may belong to an empty text.
    if let Some(signature) = signature {
        parts.push(json!({"text": "", "thoughtSignature": signature}));
    }
    Ok(parts)
}

fn add_id(function: &mut Value, id: &str) {
    if !id.is_empty() && !id.starts_with(OWN_ID) {
        function["id"] = id.into();
    }
}

fn text_of(content: &[ToolOutput], pointer: &str) -> Result<String, Failure> {
    let mut text = String::new();
    for output in content {
        match output {
            ToolOutput::Text(piece) => text.push_str(piece),
            ToolOutput::Image(_) => {
                return Err(unsupported(pointer, "this plugin sends only text to Google"));
            }
        }
    }
    Ok(text)
}

fn tools(request: &Request, body: &mut Map<String, Value>) -> Result<(), Failure> {
    if request.tools.is_empty() {
        return Ok(());
    }
    let mut declarations = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        declarations.push(json!({
            "name": tool.name,
            "description": tool.description,
            "parametersJsonSchema": json::embedded(&tool.input_schema_json, &format!("/tools/{at}/input-schema-json"))?,
        }));
    }
    body.insert("tools".into(), json!([{"functionDeclarations": declarations}]));
    let calling = match &request.tool_choice {
        ToolChoice::Auto => json!({"mode": "AUTO"}),
        ToolChoice::None => json!({"mode": "NONE"}),
        ToolChoice::Required => json!({"mode": "ANY"}),
        ToolChoice::Named(name) => json!({"mode": "ANY", "allowedFunctionNames": [name]}),
    };
    body.insert("toolConfig".into(), json!({"functionCallingConfig": calling}));
    Ok(())
}

fn config(
    request: &Request,
    generation: u32,
    notices: &mut Vec<String>,
) -> Result<Map<String, Value>, Failure> {
    let mut config = Map::new();
    match &request.output {
        OutputFormat::Text => {}
        _ if generation < 3 && !request.tools.is_empty() => {
            return Err(unsupported(
                "/output",
                format!("{} does not support a response schema together with tools", request.model),
            ));
        }
        OutputFormat::JsonObject => {
            config.insert("responseMimeType".into(), "application/json".into());
        }
        OutputFormat::JsonSchema(named) => {
            config.insert("responseMimeType".into(), "application/json".into());
            config.insert(
                "responseJsonSchema".into(),
                json::embedded(&named.schema_json, "/output/schema-json")?,
            );
        }
    }
    if let Some(thinking) = thinking(request, generation, notices) {
        config.insert("thinkingConfig".into(), thinking);
    }
    let sampling = &request.sampling;
    let numbers = [
        ("temperature", sampling.temperature.map(Value::from)),
        ("topP", sampling.top_p.map(Value::from)),
        ("maxOutputTokens", sampling.max_output_tokens.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
    ];
    config.extend(numbers.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))));
    if !sampling.stop.is_empty() {
        config.insert("stopSequences".into(), json!(sampling.stop));
    }
    Ok(config)
}

/// Returns the thinking configuration: levels for generation 3, budgets for 2.5.
fn thinking(request: &Request, generation: u32, notices: &mut Vec<String>) -> Option<Value> {
    let config = match (&request.reasoning, generation) {
        (Reasoning::Unset, _) => return None,
        (Reasoning::Off, 3..) => {
            notices
                .push(format!("{} cannot disable thinking; using level `minimal`", request.model));
            json!({"thinkingLevel": "MINIMAL"})
        }
        (Reasoning::Off, _) if request.model.contains("pro") => {
            notices.push(format!(
                "{} cannot disable thinking; using a budget of 128 tokens",
                request.model
            ));
            json!({"thinkingBudget": 128})
        }
        (Reasoning::Off, _) => json!({"thinkingBudget": 0}),
        (Reasoning::Level(level), 3..) => {
            let level = if level == "max" { "xhigh" } else { level };
            json!({"thinkingLevel": level.to_ascii_uppercase(), "includeThoughts": true})
        }
        (Reasoning::Level(level), _) => {
            let budget = match level.as_str() {
                "minimal" | "low" => 2_048,
                "medium" => 8_192,
                _ => 24_576,
            };
            json!({"thinkingBudget": budget, "includeThoughts": true})
        }
        (Reasoning::BudgetTokens(tokens), _) => {
            json!({"thinkingBudget": tokens, "includeThoughts": true})
        }
    };
    Some(config)
}
