//! What is asked for. A session remembers it, so that every command in it is confined alike.

use serde::{Deserialize, Serialize};

use crate::path::HostPath;

/// What keeps the agent in its workspace, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protect {
    /// Nothing.
    Off,
    /// Nothing; what was touched outside is found and told afterwards.
    Audit,
    /// The kernel where it can, else the audit.
    Auto,
    /// The kernel, or nothing runs.
    Require,
}

impl Protect {
    /// As users type it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Audit => "audit",
            Self::Auto => "auto",
            Self::Require => "require",
        }
    }

    /// Whether the kernel is asked.
    pub fn wants_kernel(self) -> bool {
        self >= Self::Auto
    }
}

/// Whether the agent may use the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Net {
    /// It may.
    Allow,
    /// No TCP, neither to others nor for others.
    Deny,
}

/// Whose caches the agent's package managers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caches {
    /// The user's, which they may fill.
    Shared,
    /// The session's own, empty at first.
    Private,
}

/// How a session's commands are confined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Confinement {
    /// What keeps the agent in.
    pub protect: Protect,
    /// What it may write besides its workspace.
    pub allow_write: Vec<HostPath>,
    /// What it may not read besides what nobody's agent should.
    pub deny_read: Vec<HostPath>,
    /// Whether it may use the network.
    pub net: Net,
    /// Whose caches its tools use.
    pub caches: Caches,
    /// Variables that it gets although they look like keys; a `*` at the end stands for any ending.
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
    /// Whether something is asked for that only the kernel can hold.
    pub fn needs_kernel(&self) -> bool {
        self.protect == Protect::Require || self.net == Net::Deny || !self.deny_read.is_empty()
    }
}
