//! Encodes requests to `POST /chat/completions`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, Message, OutputFormat, Part, Reasoning, Request, Role,
    ToolChoice, ToolOutput, json, unsupported,
};
use serde_json::{Map, Value, json};

use super::{REASONING_DETAILS, SERVICE};

/// Encodes a request. Also returns notices for the user.
pub fn request(request: &Request) -> Result<(HttpRequest, Vec<String>), Failure> {
    let mut notices = Vec::new();
    let mut body = Map::new();
    body.insert("model".into(), request.model.clone().into());
    body.insert("messages".into(), messages(&request.messages)?);
    body.insert("stream".into(), request.stream.into());
    if request.stream {
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    tools(request, &mut body)?;
    output(&request.output, &mut body)?;
    reasoning(&request.reasoning, &mut body, &mut notices);
    sampling(request, &mut body);
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("{SERVICE} has no option `{name}`")));
    }
    let http = HttpRequest {
        endpoint: "api".into(),
        method: "POST".into(),
        path: "/chat/completions".into(),
        query: Vec::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Value::Object(body).to_string().into_bytes(),
        framing: if request.stream { Framing::Sse } else { Framing::Whole },
    };
    Ok((http, notices))
}

fn messages(messages: &[Message]) -> Result<Value, Failure> {
    let mut turns = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let (mut text, mut calls, mut details) = (String::new(), Vec::new(), Vec::new());
        for (part_at, part) in message.parts.iter().enumerate() {
            let pointer = format!("/messages/{at}/parts/{part_at}");
            match part {
                Part::Text(piece) => text.push_str(piece),
                Part::ToolCall(call) => calls.push(json!({
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments_json},
                })),
                Part::ToolResult(result) => turns.push(json!({
                    "role": "tool",
                    "tool_call_id": result.call_id,
                    "content": output_text(&result.content, &pointer)?,
                })),
                // Provider state is sent back unchanged.
                Part::Opaque(opaque) if opaque.kind == REASONING_DETAILS => {
                    details.push(json::embedded(&opaque.data, &pointer)?);
                }
                Part::Opaque(_) | Part::Reasoning(_) => {}
                Part::Image(_) | Part::Document(_) => return Err(text_only(&pointer)),
            }
        }
        let mut turn = json!({"role": role, "content": text});
        if !calls.is_empty() {
            turn["tool_calls"] = calls.into();
        }
        if !details.is_empty() {
            turn["reasoning_details"] = details.into();
        }
        if turn.as_object().is_some_and(|turn| turn.len() > 2) || !text.is_empty() {
            turns.push(turn);
        }
    }
    Ok(turns.into())
}

fn output_text(content: &[ToolOutput], pointer: &str) -> Result<String, Failure> {
    let mut text = String::new();
    for output in content {
        match output {
            ToolOutput::Text(piece) => text.push_str(piece),
            ToolOutput::Image(_) => return Err(text_only(pointer)),
        }
    }
    Ok(text)
}

fn text_only(pointer: &str) -> Failure {
    unsupported(pointer, format!("this plugin sends only text to {SERVICE}"))
}

fn tools(request: &Request, body: &mut Map<String, Value>) -> Result<(), Failure> {
    if request.tools.is_empty() {
        return Ok(());
    }
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        let pointer = format!("/tools/{at}/input-schema-json");
        tools.push(json!({"type": "function", "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": json::embedded(&tool.input_schema_json, &pointer)?,
        }}));
    }
    body.insert("tools".into(), tools.into());
    let choice = match &request.tool_choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
    };
    body.insert("tool_choice".into(), choice);
    Ok(())
}

fn output(output: &OutputFormat, body: &mut Map<String, Value>) -> Result<(), Failure> {
    let format = match output {
        OutputFormat::Text => return Ok(()),
        OutputFormat::JsonObject => json!({"type": "json_object"}),
        OutputFormat::JsonSchema(named) => json!({"type": "json_schema", "json_schema": {
            "name": named.name,
            "schema": json::embedded(&named.schema_json, "/output/schema-json")?,
            "strict": named.strict,
        }}),
    };
    body.insert("response_format".into(), format);
    Ok(())
}

fn reasoning(reasoning: &Reasoning, body: &mut Map<String, Value>, notices: &mut Vec<String>) {
    let effort = match reasoning {
        Reasoning::Unset => return,
        Reasoning::Off => "none",
        Reasoning::Level(level) => level,
        Reasoning::BudgetTokens(tokens) => {
            let effort = match tokens {
                0..2_048 => "low",
                2_048..8_192 => "medium",
                _ => "high",
            };
            notices.push(format!(
                "{SERVICE} has no reasoning budget: {tokens} tokens became effort `{effort}`"
            ));
            effort
        }
    };
    body.insert("reasoning_effort".into(), effort.into());
}

fn sampling(request: &Request, body: &mut Map<String, Value>) {
    let sampling = &request.sampling;
    let numbers = [
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("max_tokens", sampling.max_output_tokens.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
    ];
    for (name, value) in numbers {
        if let Some(value) = value {
            body.insert(name.into(), value);
        }
    }
    if !sampling.stop.is_empty() {
        body.insert("stop".into(), json!(sampling.stop));
    }
}
