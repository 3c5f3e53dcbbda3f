//! Paths: below a root (`RelPath`) and of this machine (`HostPath`). Both are bytes; both survive a
//! journal whatever their bytes are.

mod escape;
mod forbidden;
mod host;
mod rel;

pub use forbidden::forbidden_component;
pub use host::HostPath;
pub use rel::{PathError, RelPath};
