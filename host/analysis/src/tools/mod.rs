//! The tools offered to a model: read-only access to the run's files, limited in size and with secrets redacted. A failed
//! call produces an error result, never a failed investigation.

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

/// Maximum bytes per result.
pub const RESULT_BYTES_MAX: usize = 16 << 10;

/// The run that the tools read.
#[derive(Debug, Clone, Copy)]
pub struct RunData<'a> {
    /// The run's files.
    pub files: &'a RunFiles,
    /// The run's facts.
    pub facts: &'a Facts,
}

/// A tool, with the schema of its arguments and its function.
struct Definition {
    name: &'static str,
    description: &'static str,
    properties: fn() -> Value,
    run: fn(RunData<'_>, &Value) -> Result<String, String>,
}

/// The simplest comes first: models try it first.
const DEFINITIONS: &[Definition] = &[
    list_files::DEFINITION,
    read_lines::DEFINITION,
    search::DEFINITION,
    query_events::DEFINITION,
    facts::DEFINITION,
];

/// Returns the tools as declared to a model. Every object is closed and every key required, as strict services demand;
/// optional arguments may be null.
pub fn definitions() -> Vec<Tool> {
    DEFINITIONS
        .iter()
        .map(|definition| tool(definition.name, definition.description, &(definition.properties)()))
        .collect()
}

/// Returns the characters that the definitions add to a request.
pub fn definitions_chars() -> usize {
    definitions()
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.input_schema_json.len())
        .sum()
}

/// Returns the tool whose arguments are the report, for services without schemas.
pub fn report_tool() -> Tool {
    Tool {
        name: REPORT_NAME.into(),
        description: "Submits the report. Call it once, when you are done.".into(),
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

/// Carries out a tool call.
pub fn run(data: RunData<'_>, call: &ToolCall) -> ToolResult {
    let Some(definition) = DEFINITIONS.iter().find(|definition| definition.name == call.name)
    else {
        let names: Vec<&str> = DEFINITIONS.iter().map(|definition| definition.name).collect();
        return refused(
            call,
            &format!("unknown tool `{}`; available: {}", call.name, names.join(", ")),
        );
    };
    let args = match serde_json::from_str::<Value>(&call.arguments_json) {
        Ok(args @ Value::Object(_)) => args,
        _ => return refused(call, "the arguments are not a JSON object"),
    };
    match (definition.run)(data, &args) {
        Ok(text) => result(call, bounded(text), false),
        Err(why) => refused(call, &why),
    }
}

/// Returns the error result of a call.
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
        text.push_str("\n[truncated: request less]");
    }
    if text.is_empty() { "(empty)".into() } else { text }
}

/// Formats a line with its location.
fn numbered(path: &str, number: u64, line: &str) -> String {
    format!("{path}:{number}| {line}\n")
}
