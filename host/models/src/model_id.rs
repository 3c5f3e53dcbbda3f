//! Which model of which provider.

use std::fmt;

/// A model, fully named. Displays as `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId {
    /// The provider's id, e.g. `openrouter`.
    pub provider: String,
    /// The model as its service spells it, e.g. `anthropic/claude-sonnet-5`.
    pub model: String,
}

impl ModelId {
    /// Names a model.
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self { provider: provider.into(), model: model.into() }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}
