//! The vendor that a bare name belongs to, by how it begins.

/// Names that belong to a vendor even where the catalogue does not know the model; open weights belong to
/// nobody.
const FAMILIES: &[(&str, &str)] = &[
    ("gpt-oss", ""),
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("claude-", "anthropic"),
    ("gemini-", "google"),
    ("grok-", "xai"),
    ("mistral-", "mistral"),
    ("ministral-", "mistral"),
    ("magistral-", "mistral"),
    ("codestral-", "mistral"),
    ("devstral-", "mistral"),
    ("deepseek-", "deepseek"),
    ("kimi-", "moonshot"),
    ("glm-", "zai"),
];

/// The vendor that a name's family belongs to.
pub(super) fn family(name: &str) -> Option<&'static str> {
    let o_series =
        name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    FAMILIES
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix))
        .map(|(_, provider)| *provider)
        .filter(|provider| !provider.is_empty())
        .or(o_series.then_some("openai"))
}
