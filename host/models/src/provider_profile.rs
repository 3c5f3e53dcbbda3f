//! What the host knows of an installed provider, from its plugin's manifest.

/// An installed provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderProfile {
    /// Its id, e.g. `google`.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Other ids that users may type.
    pub aliases: Vec<String>,
    /// The model that is taken when only the key decides.
    pub default_model: Option<String>,
    /// There is a usable key, or none is needed.
    pub usable: bool,
    /// Its key may decide when nobody names a model. Credentials that serve other purposes too, such as those
    /// of a cloud's own tools, don't.
    pub volunteers: bool,
}

impl ProviderProfile {
    /// Whether a user's word means this provider.
    pub fn is_called(&self, word: &str) -> bool {
        self.id == word || self.aliases.iter().any(|alias| alias == word)
    }
}
