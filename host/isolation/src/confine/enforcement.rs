//! The result of confining an agent.

use std::path::PathBuf;

/// The confinement that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforcement {
    /// Version of the Landlock ABI.
    pub version: u32,
    /// Limitations of this kernel.
    pub notes: Vec<String>,
}

/// The reason why an agent was not confined.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// The kernel lacks the feature.
    #[error("this kernel cannot confine a program: {0}")]
    Unsupported(&'static str),
    /// The kernel rejected the rules.
    #[error("the kernel rejected the confinement rules")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A path could not be granted.
    #[error("cannot make {path} writable for the agent")]
    Grant {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The neighbours of hidden paths could not be listed.
    #[error("cannot list the paths that the agent may read")]
    Reading(#[source] std::io::Error),
    /// A path of the session could not be created.
    #[error("cannot create {path}")]
    Scratch {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A test of the confinement found a gap.
    #[error("the confinement is not effective: {0}")]
    Leaky(&'static str),
    /// The thread could not be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

impl ConfineError {
    /// Returns whether the machine lacks support, so that a weaker level is the best available.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_))
    }
}
