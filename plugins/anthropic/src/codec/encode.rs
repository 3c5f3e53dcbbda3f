//! Encodes requests to `POST /v1/messages`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, Message, OutputFormat, Part, Reasoning, Request, Role,
    ToolChoice, ToolOutput, json, unsupported,
};
use serde_json::{Map, Value, json};

use super::VERSION;

/// Default output limit, which the service requires. It leaves room for a long report and some thinking.
const OUTPUT_TOKENS_DEFAULT: u32 = 16_000;

/// Minimum thinking budget that the service accepts.
const BUDGET_MIN: u32 = 1_024;

/// Maximum number of messages marked for caching. The service allows four breakpoints; one is for the system prompt.
const CACHE_HINTS_MAX: usize = 3;

/// Encodes a request. Also returns notices for the user.
pub fn request(request: &Request) -> Result<(HttpRequest, Vec<String>), Failure> {
    let (body, notices) = body(request)?;
    let framing = if request.stream { Framing::Sse } else { Framing::Whole };
    Ok((post("/v1/messages", body, framing), notices))
}

/// Returns an HTTP request with a JSON body.
pub(super) fn post(path: &str, body: Map<String, Value>, framing: Framing) -> HttpRequest {
    HttpRequest {
        endpoint: "api".into(),
        method: "POST".into(),
        path: path.into(),
        query: Vec::new(),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("anthropic-version".into(), VERSION.into()),
        ],
        body: Value::Object(body).to_string().into_bytes(),
        framing,
    }
}

/// Returns the JSON body of a request.
pub(super) fn body(request: &Request) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut notices = Vec::new();
    let max_tokens = request.sampling.max_output_tokens.unwrap_or(OUTPUT_TOKENS_DEFAULT).max(1);
    let mut body = Map::new();
    body.insert("model".into(), request.model.clone().into());
    body.insert("max_tokens".into(), max_tokens.into());
    if let Some(system) = system(&request.messages) {
        body.insert("system".into(), system);
    }
    body.insert("messages".into(), messages(&request.messages)?);
    body.insert("stream".into(), request.stream.into());
    tools(request, &mut body)?;
    let mut output_config = Map::new();
    output(request, &mut output_config)?;
    thinking(request, max_tokens, &mut body, &mut output_config, &mut notices);
    if !output_config.is_empty() {
        body.insert("output_config".into(), output_config.into());
    }
    sampling(request, &mut body, &mut notices)?;
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("Anthropic has no option `{name}`")));
    }
    Ok((body, notices))
}

fn system(messages: &[Message]) -> Option<Value> {
    let mut blocks: Vec<Value> = messages
        .iter()
        .filter(|message| message.role == Role::System)
        .flat_map(|message| &message.parts)
        .filter_map(|part| match part {
            Part::Text(text) if !text.is_empty() => Some(json!({"type": "text", "text": text})),
            _ => None,
        })
        .collect();
    mark_for_cache(&mut blocks);
    (!blocks.is_empty()).then(|| blocks.into())
}

/// Encodes messages as turns. The service requires that roles alternate and that tool results come first.
fn messages(messages: &[Message]) -> Result<Value, Failure> {
    let hinted = messages
        .iter()
        .filter(|message| message.role != Role::System && message.cache_hint)
        .count();
    let mut hints_to_skip = hinted.saturating_sub(CACHE_HINTS_MAX);
    let mut turns: Vec<(Role, Vec<Value>)> = Vec::new();
    for (at, message) in messages.iter().enumerate().filter(|(_, m)| m.role != Role::System) {
        let mut blocks = Vec::new();
        for (part_at, part) in message.parts.iter().enumerate() {
            blocks.extend(block(part, &format!("/messages/{at}/parts/{part_at}"))?);
        }
        if message.cache_hint {
            if hints_to_skip > 0 {
                hints_to_skip -= 1;
            } else {
                mark_for_cache(&mut blocks);
            }
        }
        match turns.last_mut() {
            Some((role, earlier)) if *role == message.role => earlier.extend(blocks),
            _ => turns.push((message.role, blocks)),
        }
    }
    let turns = turns.into_iter().filter(|(_, blocks)| !blocks.is_empty()).map(|(role, mut blocks)| {
        blocks.sort_by_key(|block| role == Role::User && block["type"] != "tool_result");
        json!({"role": if role == Role::Assistant { "assistant" } else { "user" }, "content": blocks})
    });
    Ok(Value::Array(turns.collect()))
}

fn block(part: &Part, pointer: &str) -> Result<Option<Value>, Failure> {
    Ok(match part {
        // The service rejects empty texts.
        Part::Text(text) => (!text.is_empty()).then(|| json!({"type": "text", "text": text})),
        Part::ToolCall(call) => Some(json!({
            "type": "tool_use", "id": call.id, "name": call.name, "input": json::embedded(&call.arguments_json, pointer)?,
        })),
        Part::ToolResult(result) => {
            let mut text = String::new();
            for output in &result.content {
                match output {
                    ToolOutput::Text(piece) => text.push_str(piece),
                    ToolOutput::Image(_) => {
                        return Err(unsupported(
                            pointer,
                            "this plugin sends only text to Anthropic",
                        ));
                    }
                }
            }
            Some(
                json!({"type": "tool_result", "tool_use_id": result.call_id, "content": text, "is_error": result.is_error}),
            )
        }
        // A thinking block is sent back unchanged, with its signature.
        Part::Opaque(opaque) => Some(json::embedded(&opaque.data, pointer)?),
        Part::Reasoning(_) => None,
        Part::Image(_) | Part::Document(_) => {
            return Err(unsupported(pointer, "this plugin sends only text to Anthropic"));
        }
    })
}

/// Sets a cache breakpoint on the last block that may have one; thinking blocks may not.
fn mark_for_cache(blocks: &mut [Value]) {
    let last = blocks
        .iter_mut()
        .rev()
        .find(|block| !block["type"].as_str().unwrap_or_default().contains("thinking"));
    if let Some(block) = last {
        block["cache_control"] = json!({"type": "ephemeral"});
    }
}

fn tools(request: &Request, body: &mut Map<String, Value>) -> Result<(), Failure> {
    if request.tools.is_empty() {
        return Ok(());
    }
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        tools.push(json!({
            "name": tool.name,
            "description": tool.description,
            "input_schema": json::embedded(&tool.input_schema_json, &format!("/tools/{at}/input-schema-json"))?,
        }));
    }
    body.insert("tools".into(), tools.into());
    let choice = match &request.tool_choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::None => json!({"type": "none"}),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::Named(name) => json!({"type": "tool", "name": name}),
    };
    body.insert("tool_choice".into(), choice);
    Ok(())
}

fn output(request: &Request, config: &mut Map<String, Value>) -> Result<(), Failure> {
    match &request.output {
        OutputFormat::Text => Ok(()),
        OutputFormat::JsonObject => {
            Err(unsupported("/output", "Anthropic has no JSON mode without a schema"))
        }
        // Older models may reject it; the host then falls back to another format.
        OutputFormat::JsonSchema(named) => {
            let schema = json::embedded(&named.schema_json, "/output/schema-json")?;
            config.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
            Ok(())
        }
    }
}

/// Returns whether a model supports adaptive thinking, introduced with 4.6. Older models need a budget.
fn is_adaptive(model: &str) -> bool {
    [
        "opus-4-6",
        "opus-4-7",
        "opus-4-8",
        "sonnet-4-6",
        "opus-5",
        "sonnet-5",
        "haiku-5",
        "fable",
        "mythos",
    ]
    .iter()
    .any(|name| model.contains(name))
}

fn thinking(
    request: &Request,
    max_tokens: u32,
    body: &mut Map<String, Value>,
    config: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) {
    let forced = !request.tools.is_empty()
        && matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Named(_));
    if forced && !matches!(request.reasoning, Reasoning::Unset | Reasoning::Off) {
        notices.push(
            "Anthropic cannot think while a tool is forced; thinking is off for this request"
                .into(),
        );
        body.insert("thinking".into(), json!({"type": "disabled"}));
        return;
    }
    if !matches!(request.reasoning, Reasoning::Unset | Reasoning::Off)
        && has_call_without_thinking(&request.messages)
    {
        notices.push("Anthropic rejects earlier tool calls without thinking; thinking is off for this request".into());
        body.insert("thinking".into(), json!({"type": "disabled"}));
        return;
    }
    let wanted = match &request.reasoning {
        Reasoning::Unset => return,
        Reasoning::Off => {
            body.insert("thinking".into(), json!({"type": "disabled"}));
            return;
        }
        Reasoning::Level(level) if is_adaptive(&request.model) => {
            let effort = match level.as_str() {
                "minimal" => {
                    notices.push("Anthropic has no effort `minimal`; using `low`".into());
                    "low"
                }
                level => level,
            };
            body.insert("thinking".into(), json!({"type": "adaptive"}));
            config.insert("effort".into(), effort.into());
            return;
        }
        Reasoning::Level(level) => match level.as_str() {
            "minimal" | "low" => 2_048,
            "medium" => 8_192,
            _ => 16_384,
        },
        Reasoning::BudgetTokens(tokens) => *tokens,
    };
    // The budget counts towards max_tokens and must leave room for the answer.
    let budget = wanted.min(max_tokens / 2).max(BUDGET_MIN);
    if budget >= max_tokens {
        notices.push(format!(
            "{max_tokens} output tokens leave no room for thinking; thinking is off"
        ));
        body.insert("thinking".into(), json!({"type": "disabled"}));
        return;
    }
    if budget != wanted {
        notices.push(format!("the thinking budget is {budget} tokens instead of {wanted}"));
    }
    body.insert("thinking".into(), json!({"type": "enabled", "budget_tokens": budget}));
}

/// Returns whether a turn calls a tool without a thinking block before it. The service rejects such turns while
/// thinking is on.
fn has_call_without_thinking(messages: &[Message]) -> bool {
    messages.iter().filter(|message| message.role == Role::Assistant).any(|message| {
        let calls = message.parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
        let first = message.parts.iter().find(|part| !matches!(part, Part::Reasoning(_)));
        calls && !matches!(first, Some(Part::Opaque(_)))
    })
}

fn sampling(
    request: &Request,
    body: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) -> Result<(), Failure> {
    let sampling = &request.sampling;
    if sampling.seed.is_some() {
        return Err(unsupported("/sampling/seed", "Anthropic does not support a seed"));
    }
    for (name, value) in [("temperature", sampling.temperature), ("top-p", sampling.top_p)] {
        if value.is_some() {
            notices.push(format!(
                "{name} was not sent: Anthropic does not accept it since API version {VERSION}"
            ));
        }
    }
    if !sampling.stop.is_empty() {
        body.insert("stop_sequences".into(), json!(sampling.stop));
    }
    Ok(())
}
