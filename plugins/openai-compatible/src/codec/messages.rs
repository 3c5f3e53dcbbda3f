//! Encodes the conversation: one message per role, and a separate message for each tool result.

use massgen_plugin_sdk::{Failure, Message, Part, Request, Role, ToolOutput, json, unsupported};
use serde_json::{Map, Value, json};

use super::quirks::Quirks;

/// Encodes all messages of a request.
pub(super) fn encode(request: &Request, quirks: &Quirks) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for (at, message) in request.messages.iter().enumerate() {
        let pointer = format!("/messages/{at}");
        match message.role {
            Role::Assistant => all.extend(assistant(message, quirks, &pointer)?),
            Role::System | Role::User => {
                let results = message.parts.iter().filter_map(|part| match part {
                    Part::ToolResult(result) => Some(result),
                    _ => None,
                });
                for result in results {
                    all.push(json!({
                        "role": "tool", "tool_call_id": result.call_id,
                        "content": text_of(&result.content, &pointer, quirks)?,
                    }));
                }
                let text = text(message, &pointer, quirks)?;
                if !text.is_empty() {
                    let role = if message.role == Role::System { "system" } else { "user" };
                    all.push(json!({"role": role, "content": text}));
                }
                if message.cache_hint && quirks.cache_hints && caches(&request.model) {
                    mark(all.last_mut());
                }
            }
        }
    }
    Ok(all)
}

/// Adds a schema to the system message, for services that do not accept one as output format.
pub(super) fn instruct(messages: &mut Vec<Value>, schema: &str) {
    let text =
        format!("Answer with one JSON object of this JSON Schema and nothing else:\n{schema}");
    match messages.first_mut() {
        Some(first) if first["role"] == "system" && first["content"].is_string() => {
            let before = first["content"].as_str().unwrap_or_default();
            first["content"] = format!("{before}\n\n{text}").into();
        }
        _ => messages.insert(0, json!({"role": "system", "content": text})),
    }
}

fn assistant(message: &Message, quirks: &Quirks, pointer: &str) -> Result<Option<Value>, Failure> {
    let mut encoded = Map::new();
    encoded.insert("role".into(), "assistant".into());
    let text = text(message, pointer, quirks)?;
    let mut calls = Vec::new();
    let mut reasoning = String::new();
    for part in &message.parts {
        match part {
            Part::ToolCall(call) => calls.push(json!({
                "id": call.id, "type": "function",
                "function": {"name": call.name, "arguments": call.arguments_json},
            })),
            Part::Reasoning(thought) => reasoning.push_str(thought),
            Part::Opaque(opaque) if opaque.kind == quirks.reasoning_echo => {
                encoded.insert(opaque.kind.clone(), json::embedded(&opaque.data, pointer)?);
            }
            _ => {}
        }
    }
    if text.is_empty() && calls.is_empty() {
        return Ok(None);
    }
    encoded.insert("content".into(), if text.is_empty() { Value::Null } else { text.into() });
    if !calls.is_empty() {
        encoded.insert("tool_calls".into(), calls.into());
        // The service requires the reasoning that belongs to a tool call.
        if quirks.reasoning_echo == "reasoning_content" && !reasoning.is_empty() {
            encoded.insert("reasoning_content".into(), reasoning.into());
        }
    }
    Ok(Some(encoded.into()))
}

fn text(message: &Message, pointer: &str, quirks: &Quirks) -> Result<String, Failure> {
    let mut texts = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text(text) if !text.is_empty() => texts.push(text.as_str()),
            Part::Image(_) | Part::Document(_) => return Err(texts_only(pointer, quirks)),
            _ => {}
        }
    }
    Ok(texts.join("\n\n"))
}

fn text_of(content: &[ToolOutput], pointer: &str, quirks: &Quirks) -> Result<String, Failure> {
    let mut text = String::new();
    for output in content {
        match output {
            ToolOutput::Text(piece) => text.push_str(piece),
            ToolOutput::Image(_) => return Err(texts_only(pointer, quirks)),
        }
    }
    Ok(text)
}

fn texts_only(pointer: &str, quirks: &Quirks) -> Failure {
    unsupported(pointer, format!("this plugin sends only text to {}", quirks.service))
}

/// Returns whether a model needs cache breakpoints. Others cache automatically.
fn caches(model: &str) -> bool {
    model.starts_with("anthropic/")
}

/// Sets a cache breakpoint on a message.
fn mark(message: Option<&mut Value>) {
    if let Some(message) = message
        && let Some(text) = message["content"].as_str().map(String::from)
    {
        message["content"] =
            json!([{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]);
    }
}
