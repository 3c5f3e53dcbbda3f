//! Encodes requests to `POST /api/show` and `POST /api/chat`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, Message, OutputFormat, Part, Reasoning, Request, Role,
    ToolChoice, ToolOutput, json, unsupported,
};
use serde_json::{Map, Value, json};

/// Returns the request for the description of a model.
pub fn show(model: &str) -> HttpRequest {
    post("/api/show", &json!({"model": model}), Framing::Whole)
}

/// Returns the chat request with its context window, in tokens.
pub fn chat(mut body: Map<String, Value>, window: u64) -> HttpRequest {
    let framing = if body["stream"] == json!(false) { Framing::Whole } else { Framing::Lines };
    if let Some(options) = body.get_mut("options") {
        options["num_ctx"] = window.into();
    }
    post("/api/chat", &Value::Object(body), framing)
}

fn post(path: &str, body: &Value, framing: Framing) -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "POST".into(),
        path: path.into(),
        query: Vec::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
        framing,
    }
}

/// Encodes the body of a chat request without its window. Also returns notices for the user.
pub fn body(request: &Request) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut notices = Vec::new();
    let mut body = Map::new();
    body.insert("model".into(), request.model.clone().into());
    body.insert("messages".into(), messages(&request.messages)?.into());
    body.insert("stream".into(), request.stream.into());
    tools(request, &mut body)?;
    match &request.output {
        OutputFormat::Text => {}
        OutputFormat::JsonObject => drop(body.insert("format".into(), "json".into())),
        // The server's grammar would prevent tool calls.
        OutputFormat::JsonSchema(_) if !request.tools.is_empty() => {
            return Err(unsupported(
                "/output",
                "Ollama does not support a schema together with tools",
            ));
        }
        OutputFormat::JsonSchema(named) => {
            let schema = json::embedded(&named.schema_json, "/output/schema-json")?;
            body.insert("format".into(), schema);
        }
    }
    match &request.reasoning {
        Reasoning::Unset => {}
        Reasoning::Off => drop(body.insert("think".into(), false.into())),
        Reasoning::Level(level) if ["low", "medium", "high"].contains(&level.as_str()) => {
            body.insert("think".into(), level.clone().into());
        }
        other => {
            if let Reasoning::BudgetTokens(tokens) = other {
                notices.push(format!(
                    "Ollama has no thinking budget: {tokens} tokens became unlimited thinking"
                ));
            }
            body.insert("think".into(), true.into());
        }
    }
    body.insert("options".into(), options(request).into());
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("Ollama has no option `{name}`")));
    }
    Ok((body, notices))
}

fn messages(messages: &[Message]) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let (mut texts, mut thoughts, mut calls) = (Vec::new(), String::new(), Vec::new());
        for (part_at, part) in message.parts.iter().enumerate() {
            let pointer = format!("/messages/{at}/parts/{part_at}");
            match part {
                Part::Text(text) if !text.is_empty() => texts.push(text.as_str()),
                Part::ToolCall(call) => calls.push(json!({"function": {
                    "name": call.name, "arguments": json::embedded(&call.arguments_json, &pointer)?,
                }})),
                Part::ToolResult(result) => all.push(json!({
                    "role": "tool", "tool_name": result.name,
                    "content": text_of(&result.content, &pointer)?,
                })),
                Part::Reasoning(thought) => thoughts.push_str(thought),
                Part::Image(_) | Part::Document(_) => return Err(texts_only(&pointer)),
                Part::Text(_) | Part::Opaque(_) => {}
            }
        }
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        if texts.is_empty() && calls.is_empty() {
            continue;
        }
        let mut encoded = json!({"role": role, "content": texts.join("\n\n")});
        if !calls.is_empty() {
            encoded["tool_calls"] = calls.into();
            if !thoughts.is_empty() {
                encoded["thinking"] = thoughts.into();
            }
        }
        all.push(encoded);
    }
    Ok(all)
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
    unsupported(pointer, "this plugin sends only text to Ollama")
}

fn tools(request: &Request, body: &mut Map<String, Value>) -> Result<(), Failure> {
    match request.tool_choice {
        // The protocol has no tool choice; without tools none is called.
        _ if request.tools.is_empty() => return Ok(()),
        ToolChoice::None => return Ok(()),
        ToolChoice::Auto => {}
        ToolChoice::Required | ToolChoice::Named(_) => {
            return Err(unsupported("/tool-choice", "Ollama cannot be forced to call a tool"));
        }
    }
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        let pointer = format!("/tools/{at}/input-schema-json");
        let mut parameters = json::embedded(&tool.input_schema_json, &pointer)?;
        simplify(&mut parameters);
        tools.push(json!({"type": "function", "function": {
            "name": tool.name, "description": tool.description, "parameters": parameters,
        }}));
    }
    body.insert("tools".into(), tools.into());
    Ok(())
}

/// Removes `additionalProperties`, which the protocol does not support. The schema only becomes more permissive.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("additionalProperties");
            object.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

fn options(request: &Request) -> Map<String, Value> {
    let sampling = &request.sampling;
    let numbers = [
        ("num_predict", sampling.max_output_tokens.map(Value::from)),
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
    ];
    let mut options: Map<String, Value> =
        numbers.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect();
    if !sampling.stop.is_empty() {
        options.insert("stop".into(), json!(sampling.stop));
    }
    options
}
