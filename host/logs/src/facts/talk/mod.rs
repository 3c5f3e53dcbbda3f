//! What agents said to each other: answers, votes, restarts, forced retries.

mod answers;
mod enforcement;
mod restarts;
mod votes;

pub use answers::{Alike, Answer};
pub use enforcement::Enforcement;
pub use restarts::{Restart, TimedOut};
pub use votes::{ChangedVote, Vote, VoteSummary};

pub(super) use answers::answers;
pub(super) use enforcement::enforcement;
pub(super) use restarts::{restarts, timeouts};
pub(super) use votes::{summary, votes};
