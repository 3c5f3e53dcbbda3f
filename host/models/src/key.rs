//! Whether a value is a key at all.

/// Templates and examples ship with values such as `your-openai-key-here`; they count as absent.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'', '<', '>']).to_ascii_lowercase();
    let looks_filled_in = [
        "your-",
        "your_",
        "<your",
        "xxx",
        "changeme",
        "change-me",
        "placeholder",
        "replace-me",
        "replace_me",
        "insert-",
        "sk-xxx",
        "sk-...",
        "...",
    ];
    value.is_empty()
        || looks_filled_in.iter().any(|start| value.starts_with(start))
        || (value.contains("your") && value.contains("key"))
        || value.ends_with("-here")
        || value.ends_with("_here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for value in [
            "",
            "  ",
            "your-openai-key-here",
            "your_api_key",
            "<your-key>",
            "changeme",
            "sk-...",
            "paste-it-here",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["sk-proj-abc", "bad-key", "AIzaSyA", "test-key-123", "here-is-one"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
