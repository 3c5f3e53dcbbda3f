//! The requested confinement. A session records it, so that all its commands are confined alike.

use serde::{Deserialize, Serialize};

use crate::path::HostPath;

/// The requested protection, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protect {
    /// No protection.
    Off,
    /// No confinement; changes outside are reported afterwards.
    Audit,
    /// Confinement where the kernel supports it, otherwise the audit.
    Auto,
    /// Confinement, or nothing runs.
    Require,
}

impl Protect {
    /// Returns the mode as users type it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Audit => "audit",
            Self::Auto => "auto",
            Self::Require => "require",
        }
    }

    /// Returns whether the mode uses kernel confinement.
    pub fn wants_kernel(self) -> bool {
        self >= Self::Auto
    }
}

/// Network access of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Net {
    /// Allowed.
    Allow,
    /// No TCP, outgoing or incoming.
    Deny,
}

/// The caches that the agent's package managers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caches {
    /// The user's caches, which the tools may fill.
    Shared,
    /// Private caches of the session, initially empty.
    Private,
}

/// The confinement of a session's commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confinement {
    /// The protection mode.
    pub protect: Protect,
    /// Paths outside of the workspace that the agent may write.
    pub allow_write: Vec<HostPath>,
    /// Paths that the agent must not read, in addition to well-known secrets.
    pub deny_read: Vec<HostPath>,
    /// Network access.
    pub net: Net,
    /// The caches that its tools use.
    pub caches: Caches,
    /// Variables that the agent gets although they look like keys; a trailing `*` matches any ending.
    pub pass_env: Vec<String>,
}

impl Default for Confinement {
    fn default() -> Self {
        Self {
            protect: Protect::Auto,
            allow_write: Vec::new(),
            deny_read: Vec::new(),
            net: Net::Allow,
            caches: Caches::Shared,
            pass_env: Vec::new(),
        }
    }
}

impl Confinement {
    /// Returns whether the request includes anything that only the kernel can enforce.
    pub fn needs_kernel(&self) -> bool {
        self.protect == Protect::Require || self.net == Net::Deny || !self.deny_read.is_empty()
    }
}
