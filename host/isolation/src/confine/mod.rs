//! Confines an agent. The policy is a plain value, computed from the user's request. The kernel part applies it to one
//! thread, starts the agent from that thread, and reports what is actually enforced.

mod agents;
mod enforcement;
mod environment;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "no_kernel.rs"]
mod kernel;
mod known_paths;
mod policy;
mod request;

pub use enforcement::{ConfineError, Enforcement};
pub use environment::{Scrubbed, scrub};
pub use kernel::{check, run_confined, supported};
pub use known_paths::secret_paths;
pub use policy::{HostView, Layout, Policy, ScratchEntry, policy};
pub use request::{Caches, Confinement, Net, Protect};
