//! The table of settings: every key, its type, its meaning, and who may set it.

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// A whole number, 0 or more.
    Count,
    /// US dollars, 0 or more.
    Dollars,
    /// Text like `90s`, `10m`, `1h`.
    Duration,
    Flag,
    /// Texts, each on a line of its own.
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
        "most that one analysis may cost, in US dollars",
    ),
    setting(
        "analysis.max_tokens",
        Kind::Count,
        Project::MayLower,
        "most tokens that one analysis may use",
    ),
    setting(
        "analysis.max_steps",
        Kind::Count,
        Project::MayLower,
        "most requests that one analysis may send",
    ),
    setting(
        "analysis.timeout",
        Kind::Duration,
        Project::MayLower,
        "longest that one analysis may take",
    ),
    setting("analysis.reasoning", Kind::Text, Project::May, "off, low, medium or high"),
    setting("analysis.stream", Kind::Flag, Project::May, "ask for replies piece by piece"),
    setting("aliases.*", Kind::Text, Project::May, "a name of your own for a model"),
    setting("providers.*.base_url", Kind::Text, Project::Never, "where a provider's service is"),
    setting(
        "providers.*.api_key_env",
        Kind::Text,
        Project::Never,
        "variable that holds a provider's key",
    ),
    setting(
        "providers.*.type",
        Kind::Text,
        Project::Never,
        "makes a provider of your own, e.g. openai-compatible",
    ),
    setting("providers.*.name", Kind::Text, Project::Never, "what messages call it"),
    setting(
        "providers.*.default_model",
        Kind::Text,
        Project::Never,
        "its model when only the key decides",
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
        "a header that is sent to a provider",
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
        "your own price of a million tokens of prompt, e.g. models.\"mine/big\".input_per_mtok",
    ),
    setting(
        "models.*.output_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your own price of a million tokens of reply; it takes both, prompt and reply",
    ),
    setting(
        "models.*.cache_read_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your own price of a million tokens of prompt that come from the cache",
    ),
    setting(
        "models.*.cache_write_per_mtok",
        Kind::Dollars,
        Project::Never,
        "your own price of a million tokens of prompt that are written to the cache",
    ),
    setting(
        "network.connect_timeout",
        Kind::Duration,
        Project::Never,
        "longest wait for a connection",
    ),
    setting(
        "network.idle_timeout",
        Kind::Duration,
        Project::Never,
        "longest silence within a reply",
    ),
    setting(
        "network.total_timeout",
        Kind::Duration,
        Project::Never,
        "longest that one request may take",
    ),
    setting(
        "network.max_retries",
        Kind::Count,
        Project::Never,
        "how often a failed request is sent again",
    ),
    setting(
        "isolation.protect",
        Kind::Text,
        Project::MayNarrow,
        "what keeps agents in their workspace: auto, require, audit or off",
    ),
    setting(
        "isolation.net",
        Kind::Text,
        Project::MayNarrow,
        "whether agents may use the network: allow or deny",
    ),
    setting(
        "isolation.caches",
        Kind::Text,
        Project::MayNarrow,
        "whose caches agents' package managers use: shared or private",
    ),
    setting(
        "isolation.deny_read",
        Kind::List,
        Project::MayNarrow,
        "what agents may not read, besides your keys",
    ),
    setting(
        "isolation.allow_write",
        Kind::List,
        Project::Never,
        "what agents may write besides their workspace",
    ),
    setting(
        "isolation.pass_env",
        Kind::List,
        Project::Never,
        "variables that agents get although they look like keys",
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

/// Milliseconds of a text like `90s`, `10m`, `1h`, `500ms`; a bare number counts seconds.
pub fn duration_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit: u64 = match text[digits.len()..].trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let number: f64 = digits.parse().ok()?;
    let ms = number * unit as f64;
    (number >= 0.0 && ms.is_finite() && ms < 1e15).then_some(ms as u64)
}

/// The shortest text that [`duration_ms`] reads as this.
pub(crate) fn duration_text(ms: u64) -> String {
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let fits = units.iter().find(|(_, unit)| ms > 0 && ms.is_multiple_of(*unit));
    fits.map_or(format!("{ms}ms"), |(name, unit)| format!("{}{name}", ms / unit))
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

    #[test]
    fn durations() {
        for (text, ms) in [
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h", 3_600_000),
            ("500ms", 500),
            ("2", 2_000),
            ("0.5 s", 500),
        ] {
            assert_eq!(duration_ms(text), Some(ms), "{text}");
            assert_eq!(duration_ms(&duration_text(ms)), Some(ms), "{text}");
        }
        assert_eq!([0, 5_000, 600_000, 7_200_000].map(duration_text), ["0ms", "5s", "10m", "2h"]);
        for bad in ["", "fast", "-1s", "1w", "1e400s", "NaN"] {
            assert_eq!(duration_ms(bad), None, "{bad}");
        }
    }
}
