//! The text that a user types to pick a model: `provider/model`, a bare name or alias, or `none`.

/// Longer texts are no selectors.
const BYTES_MAX: usize = 256;

/// A selector that was understood, not yet resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// No model: facts only.
    None,
    /// A provider (or an alias of one) and a model.
    Qualified {
        /// Before the first `/`.
        provider: String,
        /// Everything after it, verbatim: ids hold slashes, colons and dots.
        model: String,
    },
    /// A name without a provider, or an alias.
    Bare(String),
}

/// Why a text is no selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// Nothing was given.
    #[error("the model's name is empty")]
    Empty,
    /// It is too long.
    #[error("the model's name has {0} bytes; {BYTES_MAX} are allowed")]
    TooLong(usize),
    /// It has white space or control characters.
    #[error("{0:?} has spaces or control characters, which no model's name has")]
    Characters(String),
    /// One side of the slash is empty.
    #[error("{0:?} lacks a {1} beside the slash")]
    HalfEmpty(String, &'static str),
    /// The provider's part is malformed.
    #[error("{0:?} is no provider's id, which has lower-case letters, digits, `-` and `_`")]
    Provider(String),
}

/// Reads a selector.
pub fn parse(text: &str) -> Result<Selector, SelectorError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(SelectorError::Empty);
    }
    if text.len() > BYTES_MAX {
        return Err(SelectorError::TooLong(text.len()));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(SelectorError::Characters(text.to_string()));
    }
    if text.eq_ignore_ascii_case("none") {
        return Ok(Selector::None);
    }
    // The first slash only: what follows belongs to the model's id.
    let Some((provider, model)) = text.split_once('/') else {
        return Ok(Selector::Bare(text.to_string()));
    };
    match (provider, model) {
        ("", _) => Err(SelectorError::HalfEmpty(text.to_string(), "provider")),
        (_, "") => Err(SelectorError::HalfEmpty(text.to_string(), "model")),
        (provider, _) if !is_provider(provider) => {
            Err(SelectorError::Provider(provider.to_string()))
        }
        (provider, model) => {
            Ok(Selector::Qualified { provider: provider.to_string(), model: model.to_string() })
        }
    }
}

fn is_provider(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood() {
        let qualified = |provider: &str, model: &str| Selector::Qualified {
            provider: provider.into(),
            model: model.into(),
        };
        for (text, expect) in [
            ("openai/gpt-6-luna", qualified("openai", "gpt-6-luna")),
            (
                "openrouter/anthropic/claude-sonnet-5",
                qualified("openrouter", "anthropic/claude-sonnet-5"),
            ),
            ("bedrock/us.anthropic.claude:0", qualified("bedrock", "us.anthropic.claude:0")),
            (" gpt-4o ", Selector::Bare("gpt-4o".into())),
            ("ollama:llama3", Selector::Bare("ollama:llama3".into())),
            ("none", Selector::None),
        ] {
            assert_eq!(parse(text), Ok(expect), "{text}");
        }
    }

    #[test]
    fn what_is_not() {
        for text in [
            "",
            "  ",
            "/x",
            "openai/",
            "Open AI/x",
            "a b",
            "OpenAI/gpt",
            "x\u{7}y",
            &"x".repeat(300),
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
