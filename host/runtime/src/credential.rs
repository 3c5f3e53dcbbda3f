//! What a service is shown as proof of who asks.

use crate::secret::Secret;

/// A credential. Its secret parts are never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A key or token that is sent as it is.
    Key(Secret),
    /// An AWS access key; requests are signed with it, and the secret part is never sent.
    Aws {
        /// Names the key.
        access_key_id: String,
        /// Signs.
        secret_access_key: Secret,
        /// Comes with a temporary key.
        session_token: Option<Secret>,
    },
    /// Google's application default credentials: the text of a JSON file, either of a service account or of
    /// a user who logged in with `gcloud`. A token is fetched with it.
    Google(Secret),
}

impl Credential {
    /// Everything of it that must appear nowhere.
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
