//! The edge to the network: which requests are allowed, where they go, how the credential is added, what
//! is tried again, and how the reply is cut.

pub(crate) mod auth;
pub(crate) mod endpoint;
pub(crate) mod framing;
pub(crate) mod http;
pub(crate) mod outgoing;
pub(crate) mod retry;
pub(crate) mod scrub;
