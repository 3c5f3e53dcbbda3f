//! Encodes requests to `POST /model/{id}/converse` and `…/converse-stream`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, Message, OutputFormat, Part, Reasoning, Request, Role,
    ToolChoice, ToolOutput, json, unsupported,
};
use serde_json::{Map, Value, json};

use super::REASONING;

/// Minimum thinking budget that Claude accepts.
const BUDGET_MIN: u32 = 1_024;

/// Encodes a request. Also returns notices for the user.
pub fn request(request: &Request) -> Result<(HttpRequest, Vec<String>), Failure> {
    let (body, notices) = body(request)?;
    let (verb, framing) = if request.stream {
        ("converse-stream", Framing::Raw)
    } else {
        ("converse", Framing::Whole)
    };
    Ok((post(&request.model, verb, body, framing), notices))
}

/// Returns an HTTP request for a model, with a JSON body.
pub(super) fn post(
    model: &str,
    verb: &str,
    body: Map<String, Value>,
    framing: Framing,
) -> HttpRequest {
    HttpRequest {
        endpoint: "runtime".into(),
        method: "POST".into(),
        path: format!("/model/{}/{verb}", json::path_segment(model)),
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
    let system = system(request);
    if !system.is_empty() {
        body.insert("system".into(), system.into());
    }
    body.insert("messages".into(), messages(request)?);
    tools(request, &mut body, &mut notices)?;
    let mut output = Map::new();
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => {
            return Err(unsupported("/output", "Converse has no JSON mode without a schema"));
        }
        OutputFormat::JsonSchema(named) => {
            let schema = json!({"schema": named.schema_json, "name": named.name});
            let format = json!({"type": "json_schema", "structure": {"jsonSchema": schema}});
            output.insert("textFormat".into(), format);
        }
    }
    reasoning(request, &mut body, &mut output, &mut notices);
    if !output.is_empty() {
        body.insert("outputConfig".into(), output.into());
    }
    sampling(request, &mut body)?;
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("Bedrock has no option `{name}`")));
    }
    Ok((body, notices))
}

fn system(request: &Request) -> Vec<Value> {
    let parts = request.messages.iter().filter(|m| m.role == Role::System).flat_map(|m| &m.parts);
    let texts = parts.filter_map(|part| match part {
        Part::Text(text) if !text.is_empty() => Some(json!({"text": text})),
        _ => None,
    });
    let mut blocks: Vec<Value> = texts.collect();
    if !blocks.is_empty() && caches(&request.model) {
        blocks.push(cache_point());
    }
    blocks
}

/// Encodes messages as turns. Roles must alternate, so adjacent messages of one role are joined.
fn messages(request: &Request) -> Result<Value, Failure> {
    let messages = || request.messages.iter().enumerate().filter(|(_, m)| m.role != Role::System);
    let last_hint = messages().rfind(|(_, m)| m.cache_hint).map(|(at, _)| at);
    let mut turns: Vec<(bool, Vec<Value>)> = Vec::new();
    for (at, message) in messages() {
        let of_model = message.role == Role::Assistant;
        let mut blocks = blocks(message, at)?;
        if last_hint == Some(at) && caches(&request.model) {
            blocks.push(cache_point());
        }
        match turns.last_mut() {
            Some((earlier, all)) if *earlier == of_model => all.extend(blocks),
            _ => turns.push((of_model, blocks)),
        }
    }
    let turns = turns.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    Ok(turns
        .map(|(of_model, blocks)| {
            json!({"role": if of_model { "assistant" } else { "user" }, "content": blocks})
        })
        .collect())
}

fn blocks(message: &Message, at: usize) -> Result<Vec<Value>, Failure> {
    let mut blocks = Vec::new();
    for (part_at, part) in message.parts.iter().enumerate() {
        let pointer = format!("/messages/{at}/parts/{part_at}");
        match part {
            Part::Text(text) if text.trim().is_empty() => {}
            Part::Text(text) => blocks.push(json!({"text": text})),
            Part::ToolCall(call) => blocks.push(json!({"toolUse": {
                "toolUseId": call.id, "name": call.name,
                "input": json::embedded(&call.arguments_json, &pointer)?,
            }})),
            Part::ToolResult(result) => blocks.push(json!({"toolResult": {
                "toolUseId": result.call_id,
                "content": [{"text": text_of(&result.content, &pointer)?}],
                "status": if result.is_error { "error" } else { "success" },
            }})),
            Part::Opaque(opaque) if opaque.kind == REASONING => {
                blocks.push(json!({"reasoningContent": json::embedded(&opaque.data, &pointer)?}));
            }
            Part::Opaque(_) | Part::Reasoning(_) => {}
            Part::Image(_) | Part::Document(_) => return Err(texts_only(&pointer)),
        }
    }
    Ok(blocks)
}

fn text_of(content: &[ToolOutput], pointer: &str) -> Result<String, Failure> {
    let mut text = String::new();
    for output in content {
        match output {
            ToolOutput::Text(piece) => text.push_str(piece),
            ToolOutput::Image(_) => return Err(texts_only(pointer)),
        }
    }
    Ok(text)
}

fn texts_only(pointer: &str) -> Failure {
    unsupported(pointer, "this plugin sends only text to Bedrock")
}

/// Returns whether a model supports cache points.
fn caches(model: &str) -> bool {
    model.contains("anthropic.") || model.contains("amazon.nova")
}

fn cache_point() -> Value {
    json!({"cachePoint": {"type": "default"}})
}

fn tools(
    request: &Request,
    body: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) -> Result<(), Failure> {
    if request.tools.is_empty() {
        return Ok(());
    }
    let called = request
        .messages
        .iter()
        .flat_map(|message| &message.parts)
        .any(|part| matches!(part, Part::ToolCall(_)));
    let mut config = Map::new();
    match &request.tool_choice {
        ToolChoice::None if !called => return Ok(()),
        // A conversation with tool calls must keep its tools, and no tool choice means "none".
        ToolChoice::None => {
            notices.push("Bedrock cannot forbid tool calls in a conversation that has some".into());
        }
        ToolChoice::Auto => drop(config.insert("toolChoice".into(), json!({"auto": {}}))),
        ToolChoice::Required => drop(config.insert("toolChoice".into(), json!({"any": {}}))),
        ToolChoice::Named(name) => {
            config.insert("toolChoice".into(), json!({"tool": {"name": name}}));
        }
    }
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        let pointer = format!("/tools/{at}/input-schema-json");
        tools.push(json!({"toolSpec": {
            "name": tool.name, "description": tool.description,
            "inputSchema": {"json": json::embedded(&tool.input_schema_json, &pointer)?},
        }}));
    }
    config.insert("tools".into(), tools.into());
    body.insert("toolConfig".into(), config.into());
    Ok(())
}

/// Sets the reasoning: effort is a field of Converse, a budget is a field of Claude.
fn reasoning(
    request: &Request,
    body: &mut Map<String, Value>,
    output: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) {
    let mut claude = |thinking: Value| {
        body.insert("additionalModelRequestFields".into(), json!({"thinking": thinking}));
    };
    let is_claude = request.model.contains("anthropic.");
    match &request.reasoning {
        Reasoning::Unset => {}
        Reasoning::Off if is_claude => claude(json!({"type": "disabled"})),
        Reasoning::Level(level) => {
            if is_claude {
                claude(json!({"type": "adaptive"}));
            }
            output.insert("effort".into(), level.clone().into());
        }
        Reasoning::BudgetTokens(tokens) if is_claude => {
            claude(json!({"type": "enabled", "budget_tokens": (*tokens).max(BUDGET_MIN)}));
        }
        Reasoning::Off | Reasoning::BudgetTokens(_) => notices.push(format!(
            "the reasoning setting was not sent: {} does not support it",
            request.model
        )),
    }
}

fn sampling(request: &Request, body: &mut Map<String, Value>) -> Result<(), Failure> {
    let sampling = &request.sampling;
    if sampling.seed.is_some() {
        return Err(unsupported("/sampling/seed", "Converse does not support a seed"));
    }
    let numbers = [
        ("maxTokens", sampling.max_output_tokens.map(Value::from)),
        ("temperature", sampling.temperature.map(Value::from)),
        ("topP", sampling.top_p.map(Value::from)),
    ];
    let mut config: Map<String, Value> =
        numbers.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect();
    if !sampling.stop.is_empty() {
        config.insert("stopSequences".into(), json!(sampling.stop));
    }
    if !config.is_empty() {
        body.insert("inferenceConfig".into(), config.into());
    }
    Ok(())
}
