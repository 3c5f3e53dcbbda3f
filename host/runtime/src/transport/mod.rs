//! The edge to the network: checks requests, adds credentials, retries, and cuts replies into frames.

pub(crate) mod auth;
pub(crate) mod endpoint;
pub(crate) mod framing;
pub(crate) mod http;
pub(crate) mod outgoing;
pub(crate) mod retry;
pub(crate) mod scrub;
