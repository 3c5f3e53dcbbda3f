//! The values that every operation on sessions needs from its caller.

use crate::git::Git;
use crate::session::StateDir;

/// State directory, git, host name and time of one invocation.
#[derive(Debug, Clone)]
pub struct Context {
    /// The state directory.
    pub state: StateDir,
    /// git, with the environment that it runs in.
    pub git: Git,
    /// Name of this machine.
    pub host: String,
    /// Current time in milliseconds since 1970.
    pub now_unix_ms: i64,
}
