//! Confines an agent: what it must not write, it can't. What is allowed is a value, decided from what was
//! asked for; the kernel part applies it to one thread, from which the agent is started, and tells what
//! it really reached.

mod environment;
mod kernel;
mod places;
mod policy;
mod reading;
mod request;
mod rights;

pub use environment::{Scrubbed, scrub};
pub use kernel::{ConfineError, Reached, check, supported, within};
pub use places::secret_places;
pub use policy::{Layout, Policy, Surroundings, policy};
pub use request::{Caches, Confinement, Net, Protect};
