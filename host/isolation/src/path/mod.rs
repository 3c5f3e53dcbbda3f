//! Paths below a root (`RelPath`) and absolute paths of this machine (`HostPath`). Both hold bytes, and both can be
//! stored in JSON without loss.

mod escape;
mod forbidden;
mod host;
mod rel;

pub use forbidden::forbidden_component;
pub use host::HostPath;
pub use rel::{PathError, RelPath};
