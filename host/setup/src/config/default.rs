//! What holds where nobody says anything, asked of those who act on it.

use massgen_analysis::budget::Budget;
use massgen_runtime::HttpOptions;

use massgen_units::Duration;

/// The value of a setting that nobody set, as text that fits its kind; none where there is no such value: no limit, no
/// model, an empty list.
pub fn of(key: &str) -> Option<String> {
    let budget = Budget::default();
    let http = HttpOptions::default();
    let duration = |ms: u64| Duration::from_millis(ms).to_string();
    match key {
        "analysis.max_cost" => budget.max_cost_usd.map(|usd| usd.to_string()),
        "analysis.max_tokens" => budget.max_tokens.map(|tokens| tokens.to_string()),
        "analysis.max_steps" => Some(budget.max_steps.to_string()),
        "analysis.stream" => Some("true".into()),
        "network.connect_timeout" => Some(duration(http.connect_timeout_ms)),
        "network.idle_timeout" => Some(duration(http.idle_timeout_ms)),
        "network.total_timeout" => Some(duration(http.total_timeout_ms)),
        "network.max_retries" => Some(http.max_retries.to_string()),
        _ => word(key).map(String::from),
    }
}

/// The default of a setting whose values are words.
pub(crate) fn word(key: &str) -> Option<&'static str> {
    match key {
        "isolation.protect" => Some("auto"),
        "isolation.net" => Some("allow"),
        "isolation.caches" => Some("shared"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::super::setting::{self, SETTINGS};
    use super::*;

    #[test]
    fn a_default_could_stand_in_a_file() {
        let mut defaults = 0;
        for setting in SETTINGS {
            let Some(text) = of(setting.key) else { continue };
            defaults += 1;
            assert!(file::fits(&text, setting.kind), "{}: {text}", setting.key);
            let words = setting::narrower(setting.key);
            assert!(words.is_empty() || words.contains(&text.as_str()), "{}", setting.key);
        }
        assert_eq!(defaults, 9);
    }
}
