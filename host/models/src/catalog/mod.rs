//! What is known of models: an embedded, dated snapshot. Unknown is not invalid.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// What is known of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelEntry {
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub id: String,
    /// Size of the context window.
    pub context_tokens: Option<u64>,
    /// Upper bound of one reply.
    pub max_output_tokens: Option<u64>,
    /// `tools`, `parallel-tools`, `json-schema`, `json-schema-with-tools`, `reasoning`, `prompt-cache`, …
    pub features: Vec<String>,
    /// `ga`, `preview` or `deprecated`.
    pub status: Status,
    /// The day on which its service stops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutdown: Option<String>,
}

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Generally available.
    Ga,
    /// May change or go without notice.
    Preview,
    /// Its end is announced.
    Deprecated,
}

impl Status {
    /// The word of the snapshot.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ga => "ga",
            Self::Preview => "preview",
            Self::Deprecated => "deprecated",
        }
    }
}

impl ModelEntry {
    /// Whether the model can do something.
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

/// The catalogue.
#[derive(Debug, Clone)]
pub struct Catalog {
    as_of: String,
    models: BTreeMap<(String, String), ModelEntry>,
}

#[derive(Deserialize)]
struct Snapshot {
    as_of: String,
    models: Vec<ModelEntry>,
}

impl Catalog {
    /// The snapshot that the program carries.
    pub fn embedded() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| {
            let snapshot: Snapshot = serde_json::from_str(include_str!("../../data/catalog.json"))
                .expect("a test reads the embedded snapshot");
            let models = snapshot
                .models
                .into_iter()
                .map(|model| ((model.provider.clone(), model.id.clone()), model));
            Self { as_of: snapshot.as_of, models: models.collect() }
        })
    }

    /// The day on which the snapshot was made, `2026-11-24`.
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// One model.
    pub fn find(&self, provider: &str, model: &str) -> Option<&ModelEntry> {
        self.models.get(&(provider.to_string(), model.to_string()))
    }

    /// All models of a provider, by id.
    pub fn of_provider<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a ModelEntry> {
        self.models.values().filter(move |model| model.provider == provider)
    }

    /// All models with this id, by provider.
    pub fn named<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a ModelEntry> {
        self.models.values().filter(move |entry| entry.id == model)
    }

    /// Every model.
    pub fn all(&self) -> impl Iterator<Item = &ModelEntry> {
        self.models.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_that_defaults_and_docs_name_are_there() {
        let catalog = Catalog::embedded();
        for (provider, model) in [
            ("openai", "gpt-6-luna"),
            ("openai", "gpt-6.1-sol"),
            ("openai", "gpt-5.2"),
            ("openai", "gpt-4o"),
            ("anthropic", "claude-haiku-5-5"),
            ("anthropic", "claude-sonnet-5-5"),
            ("anthropic", "claude-sonnet-4-20250514"),
            ("google", "gemini-3.5-flash-lite"),
            ("google", "gemini-3-flash-preview"),
            ("google", "gemini-3.8-flash"),
        ] {
            let entry =
                catalog.find(provider, model).unwrap_or_else(|| panic!("{provider}/{model}"));
            assert!(entry.has("tools") && entry.context_tokens.unwrap() >= 100_000, "{entry:?}");
        }
        assert_eq!(catalog.as_of().len(), 10);
    }

    #[test]
    fn schemas_and_tools_do_not_go_together_everywhere() {
        let catalog = Catalog::embedded();
        assert!(
            catalog.find("google", "gemini-3.5-flash-lite").unwrap().has("json-schema-with-tools")
        );
        assert!(!catalog.find("google", "gemini-2.5-flash").unwrap().has("json-schema-with-tools"));
    }
}
