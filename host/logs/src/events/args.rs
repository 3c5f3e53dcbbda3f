//! The arguments of a tool call: what makes two calls equal, the command they run, the prompt they give.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;
use serde_json::value::RawValue;

use super::command;

/// What is kept of arguments.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Args {
    /// Equal for equal arguments, in whatever order their keys stand.
    pub(super) hash: u64,
    /// Of a shell command.
    pub(super) pattern: Option<String>,
    /// Hash of the text that is given to another model or service.
    pub(super) prompt: Option<u64>,
}

const COMMANDS: &[&str] = &["command", "cmd", "script", "code"];
const PROMPTS: &[&str] =
    &["prompt", "query", "question", "instruction", "instructions", "task", "tasks"];

/// A shorter text repeats by chance.
const PROMPT_CHARS_MIN: usize = 12;

pub(super) fn args(raw: &str) -> Args {
    let mut hasher = DefaultHasher::new();
    let Ok(entries) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(raw) else {
        canonical(raw, &mut hasher);
        return Args { hash: hasher.finish(), ..Args::default() };
    };
    let mut found = Args::default();
    for (key, value) in &entries {
        key.hash(&mut hasher);
        canonical(value.get(), &mut hasher);
        if COMMANDS.contains(&&**key)
            && let Ok(text) = serde_json::from_str::<Cow<'_, str>>(value.get())
        {
            let short: &str = text.char_indices().nth(2_000).map_or(&text, |(at, _)| &text[..at]);
            // `code` is a program, not a command line: its first word means nothing.
            if **key != *"code" {
                found.pattern = Some(command::pattern(short)).filter(|pattern| !pattern.is_empty());
            }
        }
        if PROMPTS.contains(&&**key) && value.get().len() >= PROMPT_CHARS_MIN {
            let mut hasher = DefaultHasher::new();
            canonical(value.get(), &mut hasher);
            found.prompt = Some(hasher.finish());
        }
    }
    found.hash = hasher.finish();
    found
}

/// Hashes a JSON value so that the order of keys and the space between tokens don't matter.
fn canonical(raw: &str, hasher: &mut DefaultHasher) {
    if raw.starts_with(['{', '[']) {
        // An object's hash is one of its fields sorted by key.
        serde_json::from_str(raw).unwrap_or(Value::Null).hash(hasher);
    } else {
        raw.hash(hasher);
    }
}

/// JSON with sorted keys, so that equal arguments are equal texts.
pub(super) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            Value::Object(entries.into_iter().map(|(k, v)| (k.clone(), sorted(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_keys_does_not_matter() {
        let a = args(r#"{"x": 1, "y": {"b": [1, 2], "a": "t"}}"#);
        assert_eq!(a, args(r#"{"y":{"a":"t","b":[1,2]},"x":1}"#));
        assert_ne!(a, args(r#"{"y":{"a":"t","b":[2,1]},"x":1}"#));
        assert_ne!(args(r#"{"x": "1"}"#), args(r#"{"x": 1}"#));
        assert_eq!(args("[1, 2]").hash, args("[1,2]").hash);
    }

    #[test]
    fn commands_and_prompts() {
        assert_eq!(
            args(r#"{"command": "npm install left-pad"}"#).pattern.as_deref(),
            Some("npm install")
        );
        assert_eq!(args(r#"{"code": "import os"}"#).pattern, None);
        assert!(args(r#"{"prompt": "describe this picture"}"#).prompt.is_some());
        assert_eq!(args(r#"{"query": "x"}"#).prompt, None);
    }
}
