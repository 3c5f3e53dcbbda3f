//! What a command returns when it can't do its work: what failed, why, and what to do next.

use std::error::Error;

use serde_json::{Value, json};

use crate::exit::Exit;

/// A failed command. Libraries return typed errors; here they become words.
#[derive(Debug)]
pub struct CommandError {
    /// Decides the exit code.
    pub exit: Exit,
    /// A stable word for scripts, e.g. `auth-missing`.
    pub kind: &'static str,
    /// What failed: one sentence without a period.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do: a command or a file to edit.
    pub hints: Vec<String>,
    /// More for scripts, merged into the JSON form.
    pub detail: Value,
}

impl CommandError {
    /// An error without cause and hints.
    pub fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit,
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            detail: Value::Null,
        }
    }

    /// Something went wrong while doing what was asked.
    pub fn failed(kind: &'static str, message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, kind, message)
    }

    /// The command line asks for something that does not exist or contradicts itself.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Adds an error and all that stands behind it as causes.
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            // Some libraries repeat their source in their own message.
            if !self.causes.last().is_some_and(|last| last.contains(&text)) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds what stands behind an error whose own words are the message already.
    pub fn because_source(self, error: &(dyn Error + 'static)) -> Self {
        match error.source() {
            Some(source) => self.because(source),
            None => self,
        }
    }

    /// Adds a cause in words.
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds fields for scripts.
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// The JSON document that `--json` prints.
    pub fn to_json(&self) -> Value {
        let mut document = json!({
            "schema": "error/1",
            "kind": self.kind,
            "message": self.message,
            "causes": self.causes,
            "hints": self.hints,
            "exit_code": self.exit.code(),
        });
        if let (Some(document), Value::Object(detail)) = (document.as_object_mut(), &self.detail) {
            for (key, value) in detail {
                document.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_follow_the_chain() {
        let error = CommandError::failed("x", "can't do it")
            .because(&Outer(std::io::Error::other("disk on fire")))
            .hint("buy a new disk");
        assert_eq!(error.causes, ["outer", "disk on fire"]);
        assert_eq!(error.to_json()["hints"][0], "buy a new disk");
        assert_eq!(error.to_json()["exit_code"], 1);
    }

    #[test]
    fn detail_never_replaces_the_fixed_fields() {
        let error = CommandError::usage("no").with_detail(json!({"kind": "lie", "provider": "p"}));
        assert_eq!(error.to_json()["kind"], "usage");
        assert_eq!(error.to_json()["provider"], "p");
    }
}
