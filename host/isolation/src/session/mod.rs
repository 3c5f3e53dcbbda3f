//! Sessions: records, lookup, locks, and the layout of the state directory.

mod find;
mod lock;
mod record;
mod state_dir;

pub use find::{FindError, find, list};
pub use lock::{Busy, Lock};
pub use record::{
    CarriedCounts, CommandRecord, GitKind, GitSide, Protection, SaveError, Session, State,
};
pub(crate) use record::{read_json, sync_dir, write_json};
pub use state_dir::StateDir;
