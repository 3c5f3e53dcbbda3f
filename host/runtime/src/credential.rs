//! Credentials of services.

use crate::secret::Secret;

/// A credential. Its secret parts are never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A key or token, sent unchanged.
    Key(Secret),
    /// An AWS access key. It signs requests; its secret part is never sent.
    Aws {
        /// The key's id.
        access_key_id: String,
        /// The signing key.
        secret_access_key: Secret,
        /// The session token of a temporary key.
        session_token: Option<Secret>,
    },
    /// Google's application default credentials: the text of a JSON file, either of a service account or of
    /// a user who logged in with `gcloud`. A token is fetched with it.
    Google(Secret),
}

impl Credential {
    /// Returns every part that must never be shown.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::Key(secret) | Self::Google(secret) => vec![secret],
            Self::Aws { secret_access_key, session_token, .. } => {
                std::iter::once(secret_access_key).chain(session_token).collect()
            }
        }
    }
}

impl From<Secret> for Credential {
    fn from(secret: Secret) -> Self {
        Self::Key(secret)
    }
}
