//! The table of settings: every key, its type, its meaning, and who may set it.

use massgen_units::Duration;

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text that is not empty.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number, 0 or more.
    Count,
    /// US dollars, 0 or more.
    Dollars,
    /// A duration such as `90s`, `10m` or `1h30m`.
    Duration,
    /// `true` or `false`.
    Flag,
    /// An absolute `http` or `https` URL.
    Url,
    /// The name of an environment variable.
    Variable,
    /// Texts, one per line.
    List,
}

/// Whether a file that the repository controls may set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Project {
    /// It may.
    May,
    /// Only to a value below the user's.
    MayLower,
    /// Only to what gives agents less; a list is added to the user's.
    MayNarrow,
    /// Never: it decides where traffic goes, which key is used, or what an agent may do.
    Never,
}

/// One setting. In `key`, `*` stands for one name that the user chooses.
#[derive(Debug)]
pub struct Setting {
    /// The dotted key; `*` stands for one name.
    pub key: &'static str,
    pub(crate) kind: Kind,
    pub(crate) project: Project,
    /// One line for `config show`.
    pub meaning: &'static str,
}

/// All settings, in the order of `config show`.
pub const SETTINGS: &[Setting] = &[
    setting(
        "analysis.model",
        Kind::Text,
        Project::May,
        "model of `logs analyze`, e.g. openai/gpt-6-luna",
    ),
    setting(
        "analysis.max_cost",
        Kind::Dollars,
        Project::MayLower,
        "maximum cost of one analysis, in US dollars",
    ),
    setting(
        "analysis.max_tokens",
        Kind::Count,
        Project::MayLower,
        "maximum tokens of one analysis",
    ),
    setting(
        "analysis.max_steps",
        Kind::Count,
        Project::MayLower,
        "maximum requests of one analysis",
    ),
    setting(
        "analysis.timeout",
        Kind::Duration,
        Project::MayLower,
        "maximum duration of one analysis",
    ),
    setting(
        "analysis.reasoning",
        Kind::OneOf(&["off", "low", "medium", "high"]),
        Project::May,
        "reasoning effort: off, low, medium or high",
    ),
    setting("analysis.stream", Kind::Flag, Project::May, "stream replies"),
    setting("aliases.*", Kind::Text, Project::May, "an alias for a model"),
    setting("providers.*.base_url", Kind::Url, Project::Never, "base URL of a provider's service"),
    setting(
        "providers.*.api_key_env",
        Kind::Variable,
        Project::Never,
        "variable that holds a provider's key",
    ),
    setting(
        "providers.*.type",
        Kind::Text,
        Project::Never,
        "defines a custom provider, e.g. openai-compatible",
    ),
    setting("providers.*.name", Kind::Text, Project::Never, "display name"),
    setting(
        "providers.*.default_model",
        Kind::Text,
        Project::Never,
        "default model of the provider",
    ),
    setting(
        "providers.*.key_command",
        Kind::Text,
        Project::Never,
        "command that prints a provider's key",
    ),
    setting(
        "providers.*.headers.*",
        Kind::Text,
        Project::Never,
        "an extra header for requests to a provider",
    ),
    setting(
        "providers.*.settings.*",
        Kind::Text,
        Project::Never,
        "a setting that the provider's plugin declares",
    ),
    setting(
        "strategies.*.settings.*",
        Kind::Text,
        Project::Never,
        "a setting that the strategy's plugin declares",
    ),
    setting(
        "models.*.input_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your price for a million prompt tokens, e.g. models.\"mine/big\".input_per_mtok",
    ),
    setting(
        "models.*.output_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your price for a million reply tokens; requires the prompt price too",
    ),
    setting(
        "models.*.cache_read_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your price for a million prompt tokens read from the cache",
    ),
    setting(
        "models.*.cache_write_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your price for a million prompt tokens written to the cache",
    ),
    setting("network.connect_timeout", Kind::Duration, Project::Never, "maximum time to connect"),
    setting("network.idle_timeout", Kind::Duration, Project::Never, "maximum pause within a reply"),
    setting(
        "network.total_timeout",
        Kind::Duration,
        Project::Never,
        "maximum duration of one request",
    ),
    setting(
        "network.max_retries",
        Kind::Count,
        Project::Never,
        "maximum retries of a failed request",
    ),
    setting(
        "isolation.protect",
        Kind::OneOf(&["auto", "require", "audit", "off"]),
        Project::MayNarrow,
        "how agents are confined to their workspace: auto, require, audit or off",
    ),
    setting(
        "isolation.net",
        Kind::OneOf(&["allow", "deny"]),
        Project::MayNarrow,
        "network access of agents: allow or deny",
    ),
    setting(
        "isolation.caches",
        Kind::OneOf(&["shared", "private"]),
        Project::MayNarrow,
        "package manager caches of agents: shared or private",
    ),
    setting(
        "isolation.deny_read",
        Kind::List,
        Project::MayNarrow,
        "additional paths agents may not read",
    ),
    setting(
        "isolation.allow_write",
        Kind::List,
        Project::Never,
        "additional paths agents may write",
    ),
    setting(
        "isolation.pass_env",
        Kind::List,
        Project::Never,
        "variables passed to agents although they look like keys",
    ),
];

/// Words from the one that gives agents the most to the one that gives them the least.
pub(crate) fn narrower(key: &str) -> &'static [&'static str] {
    match key {
        "isolation.protect" => &["off", "audit", "auto", "require"],
        "isolation.net" => &["allow", "deny"],
        "isolation.caches" => &["shared", "private"],
        _ => &[],
    }
}

const fn setting(
    key: &'static str,
    kind: Kind,
    project: Project,
    meaning: &'static str,
) -> Setting {
    Setting { key, kind, project, meaning }
}

/// The setting that a dotted key names.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| matches(setting.key, key))
}

fn matches(pattern: &str, key: &str) -> bool {
    // Ids of models have dots of their own.
    if let Some(last) = pattern.strip_prefix("models.*") {
        let id = key.strip_prefix("models.").and_then(|rest| rest.strip_suffix(last));
        return id.is_some_and(|id| !id.is_empty());
    }
    let mut key_parts = key.split('.');
    let same = pattern.split('.').all(|p| key_parts.next().is_some_and(|k| p == "*" || p == k));
    same && key_parts.next().is_none()
}

/// Returns the milliseconds of a duration, or `None` if the text is not one.
pub fn duration_ms(text: &str) -> Option<u64> {
    text.parse::<Duration>().ok().map(Duration::as_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_through_their_patterns() {
        assert_eq!(find("analysis.model").map(|s| s.key), Some("analysis.model"));
        assert_eq!(find("aliases.fast").map(|s| s.key), Some("aliases.*"));
        assert_eq!(find("providers.openai.base_url").map(|s| s.project), Some(Project::Never));
        for unknown in ["analysis", "analysis.modell", "aliases.a.b", "providers.openai", ""] {
            assert!(find(unknown).is_none(), "{unknown}");
        }
    }
}
