//! The journal of applies: one record per apply, saved before its first write and after every phase, so
//! that a crash can be recovered. `plan` fills it, `apply` executes it, and `changes` reads what earlier
//! applies delivered.

mod directory;
mod record;

use serde::{Deserialize, Serialize};

pub use directory::records_in_force;
pub(crate) use directory::{all_records, new_dir};
pub use record::{ApplyKind, ApplyPhase, ApplyRecord};

use crate::entry::Node;
use crate::path::RelPath;

/// One write: the node expected at a path and the node that replaces it. `None` means that nothing is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Op {
    /// The path to write.
    pub path: RelPath,
    /// The node that must be there when the write is made.
    pub before: Option<Node>,
    /// The node that the write leaves there.
    pub after: Option<Node>,
}

/// The part of a session's work that the project holds at a path. Later comparisons start from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Id of the session.
    pub session: String,
    /// The path.
    pub path: RelPath,
    /// The session's node. `None` if the session deleted the path.
    pub node: Option<Node>,
}
