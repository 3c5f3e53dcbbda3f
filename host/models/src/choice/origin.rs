//! Who named the model.

use std::fmt;

/// Who named the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `--model`.
    Flag,
    /// An environment variable.
    Env(&'static str),
    /// The project's configuration file.
    ProjectConfig(String),
    /// The user's configuration file.
    UserConfig(String),
    /// Nobody: the first provider with a usable key.
    KeyOrder,
    /// Nobody, and there is no key either.
    Nothing,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("--model"),
            Self::Env(name) => f.write_str(name),
            Self::ProjectConfig(path) | Self::UserConfig(path) => f.write_str(path),
            Self::KeyOrder => f.write_str("the first provider with a usable key"),
            Self::Nothing => f.write_str("no model is named and no provider has a usable key"),
        }
    }
}
