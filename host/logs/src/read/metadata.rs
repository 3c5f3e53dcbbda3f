//! `execution_metadata.yaml`: question, version, configured models, early failures, and API keys in plain text.

use std::io::Read;

use serde::Deserialize;
use serde_norway::Value;

use super::Source;
use crate::redact::Redactor;
use crate::run::Metadata;

/// Maximum size read, in bytes. MassGen writes a small file.
const BYTES_MAX: u64 = 4 << 20;

const FILE: &str = "execution_metadata.yaml";

/// MassGen ends every line with a newline.
pub(super) const NO_FINAL_NEWLINE: &str = "no newline at the end: the file may be truncated";

pub(crate) fn read(source: &mut Source<'_>) -> Metadata {
    let Some(file) = source.open(FILE) else { return Metadata::default() };
    let mut bytes = Vec::new();
    if let Err(error) = file.take(BYTES_MAX).read_to_end(&mut bytes) {
        source.complain(FILE, 0, format!("cannot be read: {error}"));
        return Metadata::default();
    }
    let text = String::from_utf8_lossy(&bytes);
    if !text.ends_with('\n') {
        source.complain(FILE, text.lines().count() as u64, NO_FINAL_NEWLINE);
    }
    let mut metadata = match parse(&text) {
        Ok(metadata) => metadata,
        Err(error) => {
            let line = error.location().map_or(0, |at| at.line() as u64);
            source.complain(FILE, line, format!("invalid YAML: {error}"));
            top_level_lines(&text)
        }
    };
    let redactor = Redactor::default();
    for (index, line) in text.lines().enumerate() {
        let number = index as u64 + 1;
        if line.trim_start().starts_with("failure_error:") {
            metadata.failure_line = number;
        }
        if mentions_a_secret(line) && redactor.line(line) != line {
            metadata.key_lines.push(number);
        }
    }
    metadata
}

fn parse(text: &str) -> Result<Metadata, serde_norway::Error> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct MetadataFile {
        query: Option<Value>,
        timestamp: Option<Value>,
        massgen_version: Option<Value>,
        config: Value,
        cli_args: Value,
    }
    let file: MetadataFile = serde_norway::from_str(text)?;
    let mut metadata = Metadata {
        question: file.query.as_ref().and_then(scalar),
        started: file.timestamp.as_ref().and_then(scalar),
        version: file.massgen_version.as_ref().and_then(scalar),
        failure_stage: file.cli_args.get("failure_stage").and_then(scalar),
        failure_error: file.cli_args.get("failure_error").and_then(scalar),
        ..Metadata::default()
    };
    let single = file.config.get("agent");
    let several = file.config.get("agents").and_then(Value::as_sequence).into_iter().flatten();
    for agent in several.chain(single) {
        let id = agent.get("id").and_then(scalar).unwrap_or_else(|| "agent".into());
        if let Some(backend) = agent.get("backend").and_then(|b| b.get("type")).and_then(scalar) {
            metadata.backends.insert(id.clone(), backend);
        }
        if let Some(model) = agent.get("backend").and_then(|b| b.get("model")).and_then(scalar) {
            metadata.models.insert(id, model);
        }
    }
    Ok(metadata)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Reads the top-level fields of a truncated or broken file line by line.
fn top_level_lines(text: &str) -> Metadata {
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix(':')?.trim();
            Some(value.trim_matches(['\'', '"']).to_string()).filter(|value| !value.is_empty())
        })
    };
    Metadata {
        question: value("query"),
        started: value("timestamp"),
        version: value("massgen_version"),
        ..Metadata::default()
    }
}

/// A cheap filter before redaction.
fn mentions_a_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["api_key", "apikey", "token", "secret", "password"].iter().any(|name| line.contains(name))
}
