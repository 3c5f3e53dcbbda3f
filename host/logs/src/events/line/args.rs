//! The arguments of a tool call: their hash, the shell command and the prompt in them. Streaming visitors compute all
//! three in one pass without building JSON values.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::command;
use super::fields::Text;

/// The digest of arguments.
#[derive(Debug, Default, PartialEq)]
pub(in crate::events) struct Args {
    /// Hash, independent of key order and white space.
    pub(in crate::events) hash: u64,
    /// Pattern of the shell command.
    pub(in crate::events) pattern: Option<String>,
    /// Hash of the prompt for another model or service.
    pub(in crate::events) prompt: Option<u64>,
}

/// Arguments that hold a command line. `code` is not one: the first word of a program means nothing.
const COMMAND_ARGS: &[&str] = &["command", "cmd", "script"];
/// Arguments that hold a prompt.
const PROMPT_ARGS: &[&str] =
    &["prompt", "query", "question", "instruction", "instructions", "task", "tasks"];

/// Shorter prompts repeat by chance.
const PROMPT_BYTES_MIN: usize = 10;

/// Commands are truncated to this length, which is enough for the pattern.
const COMMAND_CHARS_MAX: usize = 2_000;

impl Args {
    /// Digests arguments from a line. Invalid or too deeply nested JSON is hashed as text.
    pub(super) fn of(raw: &str) -> Self {
        serde_json::from_str(raw).unwrap_or_else(|_| Self { hash: hash(raw), ..Self::default() })
    }

    /// Adds an argument. Of several commands or prompts the smallest wins, so that key order does not matter.
    fn add(&mut self, key: &str, value: &ValueDigest) {
        let pattern = value.text.as_deref().map(command::pattern).filter(|text| !text.is_empty());
        self.pattern = self.pattern.take().into_iter().chain(pattern).min();
        let is_prompt = PROMPT_ARGS.contains(&key) && value.bytes >= PROMPT_BYTES_MIN;
        self.prompt = self.prompt.into_iter().chain(is_prompt.then_some(value.hash)).min();
    }
}

impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut args = Self::default();
        let digest =
            Digester { args: Some(&mut args), keep_text: false }.deserialize(deserializer)?;
        args.hash = digest.hash;
        Ok(args)
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The digest of a JSON value.
struct ValueDigest {
    /// Hash, independent of key order and white space.
    hash: u64,
    /// Total length of the strings in the value.
    bytes: usize,
    /// The string itself, if requested.
    text: Option<String>,
}

/// Digests a value while parsing it.
struct Digester<'a> {
    /// Receives the fields; set for the outermost object only.
    args: Option<&'a mut Args>,
    /// Whether to return the string itself.
    keep_text: bool,
}

impl<'de> DeserializeSeed<'de> for Digester<'_> {
    type Value = ValueDigest;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ValueDigest, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn scalar<E>(value: impl Hash) -> Result<ValueDigest, E> {
    Ok(ValueDigest { hash: hash(value), bytes: 0, text: None })
}

impl<'de> Visitor<'de> for Digester<'_> {
    type Value = ValueDigest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<ValueDigest, E> {
        scalar(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<ValueDigest, E> {
        scalar(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<ValueDigest, E> {
        scalar(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<ValueDigest, E> {
        scalar(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<ValueDigest, E> {
        scalar(('f', value.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<ValueDigest, E> {
        let kept = self.keep_text.then(|| text.chars().take(COMMAND_CHARS_MAX).collect());
        Ok(ValueDigest { hash: hash(text), bytes: text.len(), text: kept })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ValueDigest, A::Error> {
        let mut hasher = DefaultHasher::new();
        let mut bytes = 0;
        while let Some(item) = items.next_element_seed(Digester { args: None, keep_text: false })? {
            item.hash.hash(&mut hasher);
            bytes += item.bytes;
        }
        Ok(ValueDigest { hash: hash(('[', hasher.finish())), bytes, text: None })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<ValueDigest, A::Error> {
        let (mut sum, mut bytes) = (0u64, 0);
        while let Some(Text(key)) = entries.next_key()? {
            let keep_text = self.args.is_some() && COMMAND_ARGS.contains(&&*key);
            let value = entries.next_value_seed(Digester { args: None, keep_text })?;
            // A sum is independent of key order.
            sum = sum.wrapping_add(hash((&*key, value.hash)));
            bytes += value.bytes;
            if let Some(args) = &mut self.args {
                args.add(&key, &value);
            }
        }
        Ok(ValueDigest { hash: hash(('{', sum)), bytes, text: None })
    }
}

/// Sorts the keys of all objects, so that equal arguments are serialized equally.
pub(in crate::events) fn sorted(value: &Value) -> Value {
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

    fn args(raw: &str) -> Args {
        Args::of(raw)
    }

    #[test]
    fn key_order_does_not_matter() {
        let a = args(r#"{"x": 1, "y": {"b": [1, 2], "a": "t"}}"#);
        assert_eq!(a, args(r#"{"y":{"a":"t","b":[1,2]},"x":1}"#));
        assert_ne!(a, args(r#"{"y":{"a":"t","b":[2,1]},"x":1}"#));
        let [one, two] = [
            r#"{"cmd": "ls", "command": "git status", "task": "sum it up", "query": "what is it?"}"#,
            r#"{"query": "what is it?", "task": "sum it up", "command": "git status", "cmd": "ls"}"#,
        ];
        assert_eq!(args(one), args(two));
        assert_ne!(args(r#"{"x": "1"}"#), args(r#"{"x": 1}"#));
        assert_eq!(args("[1, 2]").hash, args("[1,2]").hash);
        let different =
            ["{}", "[]", "null", "0", "0.5", "false", "\"\"", "[[]]", "{\"a\": null}", "no JSON"];
        let hashes: std::collections::HashSet<u64> =
            different.iter().map(|raw| args(raw).hash).collect();
        assert_eq!(hashes.len(), different.len());
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
        assert_eq!(args(r#"{"in": {"command": "ls"}, "cmd": 1}"#).pattern, None);
        let [one, two] = [
            r#"{"tasks": ["read the manual"], "n": 1}"#,
            r#"{"n": 2, "tasks":["read the manual"]}"#,
        ];
        assert!(args(one).prompt.is_some() && args(one).prompt == args(two).prompt);
    }
}
