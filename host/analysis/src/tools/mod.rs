//! What a model may look at: the run's files, read-only, bounded, without secrets. A call that can't be
//! carried out is a result that says why, never a failure of the investigation.

mod args;
mod facts;
mod list_files;
mod query_events;
mod read_lines;
mod search;
#[cfg(test)]
mod tests;

use massgen_logs::facts::Facts;
use massgen_logs::files::RunFiles;
use massgen_models::request::{Tool, ToolCall, ToolResult};
use serde_json::{Value, json};

use crate::schema::{REPORT_NAME, report_schema};

/// Bytes of one result.
pub const RESULT_BYTES_MAX: usize = 16 << 10;

/// What the tools look at.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// The run's files.
    pub files: &'a RunFiles,
    /// The run's facts.
    pub facts: &'a Facts,
}

/// A tool: what it is called, what it is for, its arguments, what it does.
struct Definition {
    name: &'static str,
    description: &'static str,
    properties: fn() -> Value,
    run: fn(Sight<'_>, &Value) -> Result<String, String>,
}

/// The first one is the simplest: models begin with it.
const DEFINITIONS: &[Definition] = &[
    list_files::DEFINITION,
    read_lines::DEFINITION,
    search::DEFINITION,
    query_events::DEFINITION,
    facts::DEFINITION,
];

/// The tools as a model sees them. Every object is closed and every key required, as strict services want
/// it; what may be left out may be null.
pub fn definitions() -> Vec<Tool> {
    DEFINITIONS
        .iter()
        .map(|definition| tool(definition.name, definition.description, &(definition.properties)()))
        .collect()
}

/// Characters that the definitions add to a request.
pub fn definitions_chars() -> usize {
    definitions()
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.input_schema_json.len())
        .sum()
}

/// The tool whose arguments are the report, for services without schemas.
pub fn report_tool() -> Tool {
    Tool {
        name: REPORT_NAME.into(),
        description: "Hands in the report. Call it once, when you are done.".into(),
        input_schema_json: report_schema().to_string(),
    }
}

fn tool(name: &str, description: &str, properties: &Value) -> Tool {
    let required: Vec<&String> =
        properties.as_object().map(|p| p.keys().collect()).unwrap_or_default();
    let schema = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    Tool {
        name: name.into(),
        description: description.into(),
        input_schema_json: schema.to_string(),
    }
}

/// Carries out a call.
pub fn run(sight: Sight<'_>, call: &ToolCall) -> ToolResult {
    let Some(definition) = DEFINITIONS.iter().find(|definition| definition.name == call.name)
    else {
        let names: Vec<&str> = DEFINITIONS.iter().map(|definition| definition.name).collect();
        return refused(
            call,
            &format!("there is no tool `{}`; there are {}", call.name, names.join(", ")),
        );
    };
    let args = match serde_json::from_str::<Value>(&call.arguments_json) {
        Ok(args @ Value::Object(_)) => args,
        _ => return refused(call, "the arguments are no JSON object"),
    };
    match (definition.run)(sight, &args) {
        Ok(text) => result(call, bounded(text), false),
        Err(why) => refused(call, &why),
    }
}

/// A call that is not carried out.
pub fn refused(call: &ToolCall, why: &str) -> ToolResult {
    result(call, why.to_string(), true)
}

fn result(call: &ToolCall, text: String, is_error: bool) -> ToolResult {
    ToolResult { call_id: call.id.clone(), name: call.name.clone(), is_error, text }
}

fn bounded(mut text: String) -> String {
    if text.len() > RESULT_BYTES_MAX {
        let end = (0..=RESULT_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n[cut: ask for less]");
    }
    if text.is_empty() { "(nothing)".into() } else { text }
}

/// A line as the model may quote it.
fn numbered(path: &str, number: u64, line: &str) -> String {
    format!("{path}:{number}| {line}\n")
}
