//! Encodes requests to `POST …/chat/completions`.

use massgen_plugin_sdk::{
    Failure, Framing, HttpRequest, OutputFormat, Reasoning, Request, ToolChoice, json, unsupported,
};
use serde_json::{Map, Value, json};

use super::messages;
use super::quirks::Quirks;

/// Encodes a request. Also returns notices for the user.
pub fn request(request: &Request, quirks: &Quirks) -> Result<(HttpRequest, Vec<String>), Failure> {
    let mut notices = Vec::new();
    let mut body = Map::new();
    body.insert("model".into(), request.model.clone().into());
    let mut messages = messages::encode(request, quirks)?;
    tools(request, quirks, &mut body)?;
    if let Some(schema) = output(request, quirks, &mut body, &mut notices)? {
        messages::instruct(&mut messages, &schema);
    }
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), request.stream.into());
    if request.stream && quirks.ask_usage {
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    reasoning(request, quirks, &mut body, &mut notices)?;
    sampling(request, quirks, &mut body)?;
    if let Some((name, _)) = request.options.first() {
        return Err(unsupported("/options", format!("{} has no option `{name}`", quirks.service)));
    }
    let (path, query) = path(&request.model, quirks);
    let http = HttpRequest {
        endpoint: "api".into(),
        method: "POST".into(),
        path,
        query,
        headers: vec![("content-type".into(), "application/json".into())],
        body: Value::Object(body).to_string().into_bytes(),
        framing: if request.stream { Framing::Sse } else { Framing::Whole },
    };
    Ok((http, notices))
}

fn path(model: &str, quirks: &Quirks) -> (String, Vec<(String, String)>) {
    match (quirks.azure, quirks.api_version.as_str()) {
        (false, _) => ("/chat/completions".into(), Vec::new()),
        (true, "") => ("/openai/v1/chat/completions".into(), Vec::new()),
        (true, version) => (
            format!("/openai/deployments/{}/chat/completions", json::path_segment(model)),
            vec![("api-version".into(), version.into())],
        ),
    }
}

fn tools(request: &Request, quirks: &Quirks, body: &mut Map<String, Value>) -> Result<(), Failure> {
    if request.tools.is_empty() {
        return Ok(());
    }
    if !quirks.tools {
        return Err(unsupported("/tools", format!("{} does not support tools", quirks.service)));
    }
    let mut tools = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        let pointer = format!("/tools/{at}/input-schema-json");
        let mut function = json!({
            "name": tool.name,
            "description": tool.description,
            "parameters": json::embedded(&tool.input_schema_json, &pointer)?,
        });
        if quirks.strict_tools {
            function["strict"] = true.into();
        }
        tools.push(json!({"type": "function", "function": function}));
    }
    body.insert("tools".into(), tools.into());
    if quirks.parallel_calls {
        body.insert("parallel_tool_calls".into(), true.into());
    }
    let choice = match &request.tool_choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!(quirks.some_tool),
        ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
    };
    body.insert("tool_choice".into(), choice);
    Ok(())
}

/// Sets the output format. Returns the schema if it must be part of the prompt instead.
fn output(
    request: &Request,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) -> Result<Option<String>, Failure> {
    let name = &quirks.service;
    let named = match &request.output {
        OutputFormat::Text => return Ok(None),
        _ if quirks.schema == "none" => {
            return Err(unsupported(
                "/output",
                format!("{name} does not support an output format"),
            ));
        }
        _ if !quirks.schema_with_tools && !request.tools.is_empty() => {
            return Err(unsupported(
                "/output",
                format!("{name} does not support an output format together with tools"),
            ));
        }
        OutputFormat::JsonObject => {
            body.insert("response_format".into(), json!({"type": "json_object"}));
            return Ok(None);
        }
        OutputFormat::JsonSchema(named) => named,
    };
    if quirks.schema == "json-object" {
        notices.push(format!(
            "{name} does not enforce schemas: requesting a JSON object, with the schema in the prompt"
        ));
        body.insert("response_format".into(), json!({"type": "json_object"}));
        return Ok(Some(named.schema_json.clone()));
    }
    let schema = json!({
        "name": named.name,
        "schema": json::embedded(&named.schema_json, "/output/schema-json")?,
        "strict": named.strict,
    });
    body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": schema}));
    Ok(None)
}

fn reasoning(
    request: &Request,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    notices: &mut Vec<String>,
) -> Result<(), Failure> {
    let name = &quirks.service;
    let off = matches!(request.reasoning, Reasoning::Off);
    let effort = match &request.reasoning {
        Reasoning::Unset => return Ok(()),
        Reasoning::Off => match quirks.reasoning_off.as_str() {
            "unsupported" => {
                return Err(unsupported("/reasoning", format!("{name} cannot disable reasoning")));
            }
            word => {
                if word != "none" && quirks.reasoning == "effort" {
                    notices.push(format!("{name} cannot disable reasoning; using effort `{word}`"));
                }
                word.to_string()
            }
        },
        Reasoning::Level(level) => level.clone(),
        Reasoning::BudgetTokens(tokens) => {
            let effort = effort_for_budget(*tokens);
            if quirks.reasoning == "object" {
                body.insert("reasoning".into(), json!({"max_tokens": tokens}));
                return Ok(());
            }
            notices.push(format!(
                "{name} has no reasoning budget: {tokens} tokens became effort `{effort}`"
            ));
            effort.to_string()
        }
    };
    let notice_switch = |notices: &mut Vec<String>| {
        if !off {
            notices.push(format!("{name} has no effort levels: `{effort}` turns reasoning on"));
        }
    };
    match quirks.reasoning.as_str() {
        "effort" => {
            body.insert("reasoning_effort".into(), effort.into());
        }
        "object" if off => {
            body.insert("reasoning".into(), json!({"enabled": false}));
        }
        "object" => {
            body.insert("reasoning".into(), json!({"effort": effort}));
        }
        "thinking" => {
            notice_switch(notices);
            let kind = if off { "disabled" } else { "enabled" };
            body.insert("thinking".into(), json!({"type": kind}));
        }
        "flag" => {
            notice_switch(notices);
            body.insert("enable_thinking".into(), (!off).into());
        }
        "template" => {
            notice_switch(notices);
            body.insert("chat_template_kwargs".into(), json!({"enable_thinking": !off}));
        }
        _ => {
            notices.push(format!("the reasoning setting was not sent: {name} does not support it"))
        }
    }
    Ok(())
}

/// Returns the effort that is closest to a reasoning budget.
fn effort_for_budget(tokens: u32) -> &'static str {
    match tokens {
        0..2_048 => "low",
        2_048..8_192 => "medium",
        _ => "high",
    }
}

fn sampling(
    request: &Request,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let sampling = &request.sampling;
    if sampling.seed.is_some() && quirks.seed == "none" {
        return Err(unsupported(
            "/sampling/seed",
            format!("{} does not support a seed", quirks.service),
        ));
    }
    let numbers = [
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        (quirks.output_limit.as_str(), sampling.max_output_tokens.map(Value::from)),
        (quirks.seed.as_str(), sampling.seed.map(Value::from)),
    ];
    body.extend(numbers.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))));
    if !sampling.stop.is_empty() {
        body.insert("stop".into(), json!(sampling.stop));
    }
    Ok(())
}
