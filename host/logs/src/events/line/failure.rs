//! Detects failed calls from their results. MassGen records a failure only if the call raised an exception in MassGen
//! itself; errors reported by the tool are recorded as successes.
//!
//! False positives are worse than misses: text that merely contains the word "error", or the content of a file, is
//! not a failure.

use serde_json::Value;

use super::fields::Fields;

/// Prefixes of results that only failures have.
const PREFIXES: &[&str] = &[
    "Error:",
    "ERROR:",
    "Error executing ",
    "Error calling ",
    "Error - ",
    "Tool error:",
    "Tool execution failed",
    "MCP error",
    "Exception:",
    "Traceback (most recent call last)",
    "ENOENT",
    "EACCES",
    "EPERM",
    "EISDIR",
    "ENOTDIR",
    "EEXIST",
    "Permission denied",
    "Access denied",
    "Could not find exact match",
    "Unknown tool",
    "Input validation error",
    "Failed to ",
    "Invalid arguments",
    "❌",
    "🚫",
];

/// Prefixes that a reading tool itself writes, unlike the files and pages it returns. Each starts with one of
/// [`PREFIXES`].
const READER_PREFIXES: &[&str] = &[
    "Error executing ",
    "Error calling ",
    "Error: ENOENT",
    "Error: EACCES",
    "Error: EPERM",
    "Error: EISDIR",
    "Error: ENOTDIR",
    "Error: Access denied",
    "Error: File not found",
    "Error: Parent directory does not exist",
    "Access denied - path",
    "ENOENT: ",
    "EACCES: ",
    "EPERM: ",
    "EISDIR: ",
    "ENOTDIR: ",
    "MCP error",
    "Unknown tool",
    "Input validation error",
    "🚫",
];

/// Parts of the names of reading tools, which return content written by others: reading a file that starts with
/// `Error:` is a success.
const READERS: &[&str] = &[
    "read_file",
    "read_text",
    "read_multiple",
    "read_media",
    "get_file",
    "view_file",
    "open_file",
    "fetch",
    "grep",
    "search",
    "list_directory",
    "directory_tree",
    "read_pdf",
    "read_resource",
    "understand_",
];

/// Longer results are documents, not error messages, whatever their prefix.
const MESSAGE_CHARS_MAX: usize = 4_000;

/// Failure messages are truncated to this length.
const SHOWN_CHARS_MAX: usize = 160;

/// Returns how the call failed, or `None` if it did not. The name of the tool is checked last, because most results
/// are not failures of any kind.
pub(crate) fn failure(tool: &str, result: &str) -> Option<String> {
    let text = result.trim_start();
    if text.starts_with('{')
        && let Ok(object) = Fields::pick(text, FAILURE_FIELDS)
    {
        let message = in_object(&object, 0)?;
        return if is_reader(tool) { protocol_flag(&object) } else { Some(message) };
    }
    if text.len() > MESSAGE_CHARS_MAX && text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        return None;
    }
    if !has_failure_prefix(text) && !has_exit_code_line(text) {
        return None;
    }
    (!is_reader(tool) || has_prefix(text, READER_PREFIXES)).then(|| shorten(text))
}

/// Returns whether the text starts as only failures do.
pub(super) fn has_failure_prefix(text: &str) -> bool {
    has_prefix(text, PREFIXES)
}

fn has_prefix(text: &str, prefixes: &[&str]) -> bool {
    let first = text.as_bytes().first();
    prefixes.iter().any(|prefix| prefix.as_bytes().first() == first && text.starts_with(prefix))
}

/// Returns whether a tool returns content written by others.
pub(crate) fn is_reader(tool: &str) -> bool {
    READERS.iter().any(|part| tool.contains(part)) || matches!(tool, "Read" | "Grep" | "Glob")
}

/// Fields of a result that show whether and why the call failed.
const FAILURE_FIELDS: &[&str; 16] = &[
    "isError",
    "is_error",
    "success",
    "valid",
    "ok",
    "exit_code",
    "exitCode",
    "returncode",
    "return_code",
    "status",
    "error",
    "message",
    "stderr",
    "explanation",
    "reason",
    "result",
];

type FailureFields<'a> = Fields<'a, 16>;

/// Checks MCP's `isError`. No other field counts for reading tools, whose result may be a JSON file.
fn protocol_flag(object: &FailureFields<'_>) -> Option<String> {
    let failed = object.get("isError") == Some(true);
    failed.then(|| "isError is true".into())
}

/// Returns whether the first or last line is a non-zero `Exit code: 1`, as shell tools print it.
fn has_exit_code_line(text: &str) -> bool {
    [text.lines().next(), text.lines().next_back()].into_iter().flatten().map(str::trim).any(
        |line| {
            let code = line.get(EXIT_CODE_BYTES..).filter(|_| starts_with_exit_code(line));
            code.is_some_and(|code| code.trim().parse::<i64>().is_ok_and(|code| code != 0))
        },
    )
}

const EXIT_CODE_BYTES: usize = "exit code:".len();

/// Returns whether a line starts with `Exit code:`, ignoring case.
pub(super) fn starts_with_exit_code(line: &str) -> bool {
    let name = line.get(..EXIT_CODE_BYTES).unwrap_or_default();
    ["exit code:", "exit_code:"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn in_object(object: &FailureFields<'_>, depth: u8) -> Option<String> {
    let flag = |name: &str| object.get::<bool>(name);
    let why = || {
        let names = ["error", "message", "stderr", "explanation", "reason"];
        let mut texts = names.iter().map(|name| object.text(name));
        texts.find(|text| !text.is_empty()).map(|text| shorten(&text))
    };
    if ["isError", "is_error"].iter().any(|name| flag(name) == Some(true)) {
        return Some(why().unwrap_or_else(|| "isError is true".into()));
    }
    for name in ["success", "valid", "ok"] {
        if flag(name) == Some(false) {
            return Some(why().unwrap_or_else(|| format!("{name} is false")));
        }
    }
    for name in ["exit_code", "exitCode", "returncode", "return_code"] {
        if let Some(code) = object.get::<i64>(name)
            && code != 0
        {
            return Some(why().map_or_else(
                || format!("exit code {code}"),
                |why| format!("exit code {code}: {why}"),
            ));
        }
    }
    // `"success": true` with an `error` field is a success with a note, such as a cancelled job.
    let says_success = ["success", "valid", "ok"].iter().any(|name| flag(name) == Some(true));
    let status = object.text("status");
    if !says_success && is_bad_status(&status) {
        return Some(why().unwrap_or_else(|| format!("status is {status}")));
    }
    if !says_success && object.count <= 2 && !object.text("error").is_empty() {
        return why();
    }
    match object.raw("result") {
        Some(inner) if depth < 2 => {
            in_object(&Fields::pick(inner, FAILURE_FIELDS).ok()?, depth + 1)
        }
        _ => None,
    }
}

fn is_bad_status(status: &str) -> bool {
    let status = status.to_ascii_lowercase();
    status == "failed"
        || status == "failure"
        || status == "rejected"
        || status == "denied"
        || status.ends_with("error")
}

/// Returns the first line with text, truncated.
fn shorten(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().take(SHOWN_CHARS_MAX).collect()
}

/// Returns whether a subagent in the result of `spawn_subagents` is reported as successful although it never reached
/// a model or its answer is an error message.
pub(super) fn is_hollow(subagent: &Value) -> bool {
    let says_success = subagent.get("success").and_then(Value::as_bool) == Some(true);
    let answer = subagent.get("answer").and_then(Value::as_str).unwrap_or_default().trim();
    let usage = subagent.get("token_usage");
    let tokens = |name: &str| usage.and_then(|u| u.get(name)).and_then(Value::as_u64).unwrap_or(0);
    let silent = usage.is_some() && tokens("input_tokens") == 0 && tokens("output_tokens") == 0;
    says_success
        && (answer.is_empty()
            || silent
            || answer.starts_with("❌")
            || failure("", answer).is_some()
            || answer.contains("no successful agents"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures() {
        for result in [
            "Error executing tool flaky: backend unavailable (attempt 1)",
            "Error: explode tool always fails: x",
            r#"{"success": false, "exit_code": 1, "stdout": "", "stderr": "boom"}"#,
            r#"{"success": false, "error": "quota exceeded"}"#,
            r#"{"valid": false, "error": "impact requirements not met"}"#,
            r#"{"exit_code": 127, "stdout": ""}"#,
            r#"{"status": "validation_error", "message": "no items"}"#,
            r#"{"error": "not found"}"#,
            r#"{"isError": true, "content": []}"#,
            "Could not find exact match for edit:\nprint(1)",
            "ENOENT: no such file or directory, open 'x'",
            "Exit code: 2\nmake: *** [all] Error 2",
        ] {
            assert!(failure("mcp__probe__tool", result).is_some(), "{result}");
        }
    }

    #[test]
    fn successes() {
        for result in [
            "ok:k1",
            "",
            "the function returns Error: when it fails",
            "def failed():\n    raise ValueError('Error: x')",
            r#"{"success": true, "exit_code": 0, "stderr": "warning: error budget"}"#,
            r#"{"success": true, "status": "cancelled", "error": "Cancelled by user request"}"#,
            r#"{"status": "accepted", "verdict": "new_answer", "failed_criteria": ["E1"]}"#,
            r#"{"key": "alpha", "value": 33}"#,
            r#"{"count": 3, "errors": []}"#,
            r#"{"name": "package", "version": "1.0.0", "error": "docs"}"#,
            "[DIR] .git",
            "```diff\n-Error: old\n```",
            "Exit code: 0",
        ] {
            assert_eq!(failure("mcp__probe__tool", result), None, "{result}");
        }
    }

    #[test]
    fn reader_prefixes_are_failure_prefixes() {
        assert!(READER_PREFIXES.iter().all(|prefix| has_prefix(prefix, PREFIXES)));
    }

    #[test]
    fn long_documents_are_not_messages() {
        let document = format!("Error: {}", "x".repeat(MESSAGE_CHARS_MAX));
        assert_eq!(failure("", &document), None);
    }

    #[test]
    fn content_that_was_read_is_not_a_failure() {
        let reader = "mcp__filesystem__read_text_file";
        for content in [
            "Error: the disk is full\n",
            "Traceback (most recent call last)\n",
            r#"{"success": false}"#,
        ] {
            assert_eq!(failure(reader, content), None, "{content}");
            assert!(failure("mcp__probe__tool", content).is_some(), "{content}");
        }
        assert!(failure(reader, "Error: ENOENT: no such file or directory, open 'x'").is_some());
        assert!(failure(reader, r#"{"isError": true}"#).is_some());
    }
}
