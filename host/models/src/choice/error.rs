//! Why no model can be taken.

use crate::selector::SelectorError;

/// Why no model can be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// The text is no selector.
    #[error("{selector:?} (from {origin}) can't be understood")]
    Selector {
        /// The text.
        selector: String,
        /// Who said it.
        origin: String,
        /// Why.
        #[source]
        source: SelectorError,
    },
    /// No such provider is installed.
    #[error("there is no provider `{provider}`{}", near_list(.near))]
    UnknownProvider {
        /// What was typed.
        provider: String,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// A bare name that nobody knows.
    #[error("no installed provider is known to have a model `{name}`{}", near_list(.near))]
    UnknownModel {
        /// What was typed.
        name: String,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// `provider:model`.
    #[error("`{typed}` is written with a slash: `{fixed}`")]
    Colon {
        /// What was typed.
        typed: String,
        /// What is meant.
        fixed: String,
    },
    /// Aliases lead in a circle.
    #[error("the alias `{0}` leads back to itself")]
    AliasCircle(String),
}

pub(super) fn near_list(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) }
}
