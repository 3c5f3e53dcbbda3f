//! What came of a try at confining.

use std::path::PathBuf;

/// What was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Version of the kernel's interface.
    pub version: u32,
    /// What this kernel can't keep in, and what else there is to know.
    pub notes: Vec<String>,
}

/// Why an agent can't be confined.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// The kernel can't.
    #[error("this kernel can't confine a program: {0}")]
    Unsupported(&'static str),
    /// The kernel refused the rules.
    #[error("the kernel refused the rules of the confinement")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A place can't be granted.
    #[error("{path} can't be made writable for the agent")]
    Grant {
        /// The place.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What lies beside hidden places can't be listed.
    #[error("what may be read can't be listed")]
    Reading(#[source] std::io::Error),
    /// A place of the session can't be made.
    #[error("{path} can't be made")]
    Scratch {
        /// The place.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It was tried out, and it does not hold.
    #[error("the confinement does not hold: {0}")]
    Leaky(&'static str),
    /// There is no thread for it.
    #[error("no thread can be started")]
    Thread(#[source] std::io::Error),
}

impl ConfineError {
    /// Whether the machine can't do it at all, so that something weaker is the best there is.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_))
    }
}
