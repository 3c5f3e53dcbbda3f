//! Confines an agent: what it must not write, it can't. What is allowed is a value, decided from what was
//! asked for; the kernel part applies it to one thread, from which the agent is started, and tells what
//! it really reached.

mod agents;
mod environment;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "no_kernel.rs"]
mod kernel;
mod outcome;
mod places;
mod policy;
mod request;

pub use environment::{Scrubbed, scrub};
pub use kernel::{check, supported, within};
pub use outcome::{ConfineError, Reached};
pub use places::secret_places;
pub use policy::{Layout, Policy, Prepared, Surroundings, policy};
pub use request::{Caches, Confinement, Net, Protect};
