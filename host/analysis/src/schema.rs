//! The JSON schema of a report, and parsing of replies.

use massgen_logs::problems::Severity;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::finding::{Category, Citation, Finding, ModelReport};

/// Name of the tool that replaces the schema on services without one.
pub const REPORT_NAME: &str = "submit_report";

const FINDINGS_MAX: usize = 200;
const CITATIONS_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 4_000;

/// Why a text is not a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseReportError {
    /// The text contains no JSON object.
    #[error("the reply contains no JSON object")]
    NoJson,
    /// The JSON does not match the schema.
    #[error("the JSON in the reply does not match the schema: {0}")]
    Mismatch(String),
}

/// Returns the schema. Every object is closed and every key required, as strict services demand.
pub fn report_schema() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let line = |description: &str| json!({"type": "integer", "description": description});
    let object = |properties: Value| {
        let required: Vec<&String> =
            properties.as_object().map(|p| p.keys().collect()).unwrap_or_default();
        json!({"type": "object", "properties": properties.clone(), "required": required, "additionalProperties": false})
    };
    let citation = object(json!({
        "file": text("path of the log file as shown by the tools"),
        "line_start": line("first line"),
        "line_end": line("last line"),
        "quote": text("text of those lines, copied verbatim, at most 300 characters"),
    }));
    let finding = object(json!({
        "title": text("a few words"),
        "severity": {"type": "string", "enum": ["high", "medium", "low", "info"]},
        "category": {"type": "string", "enum": ["correctness", "efficiency", "commands", "duplication", "behavior", "cost", "errors"]},
        "claim": text("what happened and why, one to four sentences"),
        "recommendation": text("recommended action"),
        "evidence": {"type": "array", "items": citation},
    }));
    object(json!({
        "summary": text("two or three sentences about the run as a whole"),
        "findings": {"type": "array", "items": finding},
    }))
}

/// Parses a report from a reply: plain JSON, fenced JSON, or JSON within other text.
pub fn parse_report(text: &str) -> Result<ModelReport, ParseReportError> {
    let mut last_error = ParseReportError::NoJson;
    for candidate in objects(text) {
        match serde_json::from_str::<Loose>(candidate) {
            Ok(loose) => return Ok(loose.into()),
            Err(error) => last_error = ParseReportError::Mismatch(error.to_string()),
        }
    }
    Err(last_error)
}

/// Returns the complete findings of a truncated report.
pub fn salvage(text: &str) -> Vec<Finding> {
    let Some(at) = text.find("\"findings\"") else { return Vec::new() };
    let Some(open) = text[at..].find('[') else { return Vec::new() };
    let mut rest = text[at + open + 1..].trim_start();
    let mut found = Vec::new();
    while found.len() < FINDINGS_MAX {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<LooseFinding>();
        let Some(Ok(finding)) = stream.next() else { break };
        found.push(finding.into());
        rest = rest[stream.byte_offset()..].trim_start().trim_start_matches(',').trim_start();
    }
    found
}

/// Returns candidate JSON objects, the most likely first.
fn objects(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let trimmed = text.trim();
    if trimmed.starts_with('{') {
        found.push(trimmed);
    }
    for fence in text.split("```").skip(1).step_by(2) {
        let body = fence.strip_prefix("json").unwrap_or(fence).trim();
        if body.starts_with('{') {
            found.push(body);
        }
    }
    if let (Some(from), Some(to)) = (text.find('{'), text.rfind('}'))
        && from < to
    {
        found.push(&text[from..=to]);
    }
    found
}

/// A report as models write it without an enforced schema: other case, missing keys, numbers as text.
#[derive(Deserialize)]
struct Loose {
    #[serde(default)]
    summary: String,
    findings: Vec<LooseFinding>,
}

#[derive(Deserialize)]
struct LooseFinding {
    title: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    claim: String,
    #[serde(default)]
    recommendation: String,
    #[serde(default)]
    evidence: Vec<LooseCitation>,
}

#[derive(Deserialize)]
struct LooseCitation {
    #[serde(default)]
    file: String,
    #[serde(default)]
    line_start: Value,
    #[serde(default)]
    line_end: Value,
    #[serde(default)]
    quote: String,
}

impl From<Loose> for ModelReport {
    fn from(loose: Loose) -> Self {
        Self {
            summary: truncated(loose.summary),
            findings: loose.findings.into_iter().take(FINDINGS_MAX).map(Finding::from).collect(),
        }
    }
}

impl From<LooseFinding> for Finding {
    fn from(loose: LooseFinding) -> Self {
        Self {
            title: truncated(loose.title),
            severity: severity(&loose.severity),
            category: category(&loose.category),
            claim: truncated(loose.claim),
            recommendation: truncated(loose.recommendation),
            verified: false,
            evidence: loose.evidence.into_iter().take(CITATIONS_MAX).map(Citation::from).collect(),
            agreement: None,
        }
    }
}

impl From<LooseCitation> for Citation {
    fn from(loose: LooseCitation) -> Self {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        let line_start = number(&loose.line_start).unwrap_or(0);
        let line_end = number(&loose.line_end).unwrap_or(line_start).max(line_start);
        Self {
            file: truncated(loose.file),
            line_start,
            line_end,
            quote: truncated(loose.quote),
            verified: false,
            moved: false,
        }
    }
}

fn severity(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "high" | "critical" => Severity::High,
        "low" => Severity::Low,
        "info" | "informational" => Severity::Info,
        _ => Severity::Medium,
    }
}

fn category(word: &str) -> Category {
    match word.to_ascii_lowercase().as_str() {
        "correctness" => Category::Correctness,
        "efficiency" | "performance" => Category::Efficiency,
        "commands" | "command-patterns" => Category::Commands,
        "duplication" => Category::Duplication,
        "cost" | "tokens" => Category::Cost,
        "errors" | "error" => Category::Errors,
        _ => Category::Behavior,
    }
}

fn truncated(text: String) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        None => text,
        Some((at, _)) => text[..at].to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"summary":"s","findings":[{"title":"t","severity":"high","category":"errors","claim":"c","recommendation":"r","evidence":[{"file":"f","line_start":1,"line_end":2,"quote":"q"}]}]}"#;

    #[test]
    fn reports_are_found_within_other_text() {
        for text in [
            GOOD.to_string(),
            format!("Here it is:\n```json\n{GOOD}\n```\nDone."),
            format!("Sure! {GOOD} Bye."),
        ] {
            let report = parse_report(&text).unwrap();
            assert_eq!(report.findings[0].severity, Severity::High, "{text}");
            assert_eq!(report.findings[0].evidence[0].line_end, 2);
        }
    }

    #[test]
    fn loosely_typed_values_are_accepted() {
        let report = parse_report(r#"{"findings":[{"title":"t","severity":"Critical","evidence":[{"file":"f","line_start":"7"}]}]}"#).unwrap();
        assert_eq!(report.findings[0].evidence[0].line_start, 7);
        assert_eq!(report.findings[0].category, Category::Behavior);
    }

    #[test]
    fn other_text_is_not_a_report() {
        assert_eq!(parse_report("I could not find anything."), Err(ParseReportError::NoJson));
        assert!(matches!(parse_report("{\"answer\": 42}"), Err(ParseReportError::Mismatch(_))));
        assert!(matches!(parse_report("{\"findings\": ["), Err(ParseReportError::Mismatch(_))));
    }

    #[test]
    fn complete_findings_survive_truncation() {
        let truncated = &GOOD[..GOOD.len() - 2];
        assert_eq!(salvage(truncated).len(), 1);
        assert_eq!(salvage(&GOOD[..60]).len(), 0);
    }

    #[test]
    fn every_object_of_the_schema_is_closed() {
        fn check(schema: &Value) {
            if schema["type"] == "object" {
                assert_eq!(schema["additionalProperties"], false);
                assert_eq!(
                    schema["properties"].as_object().unwrap().len(),
                    schema["required"].as_array().unwrap().len()
                );
            }
            schema.as_object().into_iter().flatten().for_each(|(_, inner)| check(inner));
        }
        check(&report_schema());
    }
}
