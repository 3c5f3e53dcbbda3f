//! How an exchange fails.

use serde::{Deserialize, Serialize};

/// The kinds of failure that make a difference to what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The key is not accepted.
    Authentication,
    /// The key is good but may not do this.
    Permission,
    /// No credit, or a quota that does not come back soon.
    Billing,
    /// Too many requests; it passes.
    RateLimited,
    /// The service is busy; it passes.
    Overloaded,
    /// The service can't be reached or fails.
    Unavailable,
    /// The prompt does not fit.
    ContextTooLong,
    /// The request was refused for its content.
    Refused,
    /// The service does not know the model.
    ModelUnknown,
    /// The service rejects a field of the request.
    InvalidRequest,
    /// The provider can't express a field of the request.
    Unsupported,
    /// The reply did not follow the service's own protocol, or was cut.
    Protocol,
    /// Nothing arrived for too long.
    Stalled,
    /// The time that the user allowed is up.
    TimeUp,
    /// The user ended it.
    Cancelled,
    /// The plugin crashed, ran out of a limit or broke the contract.
    Plugin,
    /// None of these.
    Other,
}

/// A failed exchange: what a provider or the host says of it. `message` is scrubbed of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind it is.
    pub kind: FailureKind,
    /// One line.
    pub message: String,
    /// The service's own code for it.
    pub provider_code: Option<String>,
    /// HTTP status, when there was a reply.
    pub http_status: Option<u16>,
    /// The service's id of the request, for its support.
    pub request_id: Option<String>,
    /// How long the service asks to wait.
    pub retry_after_ms: Option<u64>,
    /// JSON Pointer into the request, for `InvalidRequest` and `Unsupported`.
    pub pointer: Option<String>,
}

impl Failure {
    /// A failure of this kind with nothing else known.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            provider_code: None,
            http_status: None,
            request_id: None,
            retry_after_ms: None,
            pointer: None,
        }
    }
}
