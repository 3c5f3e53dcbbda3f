//! The arguments of a tool call: what makes two calls equal, the command they run, the prompt they give.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::command;
use super::fields::Text;

/// What is kept of arguments.
#[derive(Debug, Default, PartialEq)]
pub(in crate::events) struct Args {
    /// Equal for equal arguments, in whatever order their keys stand.
    pub(in crate::events) hash: u64,
    /// Of a shell command.
    pub(in crate::events) pattern: Option<String>,
    /// Hash of the text that is given to another model or service.
    pub(in crate::events) prompt: Option<u64>,
}

/// Names of a command line. `code` is a program instead: its first word means nothing.
const COMMANDS: &[&str] = &["command", "cmd", "script"];
const PROMPTS: &[&str] =
    &["prompt", "query", "question", "instruction", "instructions", "task", "tasks"];

/// A shorter text repeats by chance.
const PROMPT_BYTES_MIN: usize = 10;

/// Of a command, enough to know its pattern.
const COMMAND_CHARS_MAX: usize = 2_000;

impl Args {
    /// Of arguments as they stand in a line; what is no JSON, or is nested too deeply, is equal to the same text.
    pub(super) fn of(raw: &str) -> Self {
        serde_json::from_str(raw).unwrap_or_else(|_| Self { hash: hash(raw), ..Self::default() })
    }

    /// Of two commands or prompts the lesser is kept: which one comes first must not matter.
    fn see(&mut self, key: &str, value: &Seen) {
        let pattern = value.text.as_deref().map(command::pattern).filter(|text| !text.is_empty());
        self.pattern = self.pattern.take().into_iter().chain(pattern).min();
        let is_prompt = PROMPTS.contains(&key) && value.bytes >= PROMPT_BYTES_MIN;
        self.prompt = self.prompt.into_iter().chain(is_prompt.then_some(value.hash)).min();
    }
}

impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut args = Self::default();
        let seen = Look { args: Some(&mut args), keeps: false }.deserialize(deserializer)?;
        args.hash = seen.hash;
        Ok(args)
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A value that went by.
struct Seen {
    /// The space between tokens and the order of keys don't matter.
    hash: u64,
    /// Of the texts in it.
    bytes: usize,
    /// Its text, if that was asked for.
    text: Option<String>,
}

/// Looks at a value while it is parsed; none of it is built.
struct Look<'a> {
    /// Of the outermost object.
    args: Option<&'a mut Args>,
    /// Its text is asked for.
    keeps: bool,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn scalar<E>(value: impl Hash) -> Result<Seen, E> {
    Ok(Seen { hash: hash(value), bytes: 0, text: None })
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Seen, E> {
        scalar(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Seen, E> {
        scalar(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Seen, E> {
        scalar(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Seen, E> {
        scalar(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Seen, E> {
        scalar(('f', value.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Seen, E> {
        let kept = self.keeps.then(|| text.chars().take(COMMAND_CHARS_MAX).collect());
        Ok(Seen { hash: hash(text), bytes: text.len(), text: kept })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Seen, A::Error> {
        let mut hasher = DefaultHasher::new();
        let mut bytes = 0;
        while let Some(item) = items.next_element_seed(Look { args: None, keeps: false })? {
            item.hash.hash(&mut hasher);
            bytes += item.bytes;
        }
        Ok(Seen { hash: hash(('[', hasher.finish())), bytes, text: None })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Seen, A::Error> {
        let (mut sum, mut bytes) = (0u64, 0);
        while let Some(Text(key)) = entries.next_key()? {
            let keeps = self.args.is_some() && COMMANDS.contains(&&*key);
            let value = entries.next_value_seed(Look { args: None, keeps })?;
            // A sum is the same in every order.
            sum = sum.wrapping_add(hash((&*key, value.hash)));
            bytes += value.bytes;
            if let Some(args) = &mut self.args {
                args.see(&key, &value);
            }
        }
        Ok(Seen { hash: hash(('{', sum)), bytes, text: None })
    }
}

/// JSON with sorted keys, so that equal arguments are equal texts.
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
    fn order_of_keys_does_not_matter() {
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
