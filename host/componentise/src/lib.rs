//! Builds guest crates and turns them into plugins: runs cargo, then wraps the module as a component with its manifest
//! embedded. Build scripts and `massgen plugin build` share it.

mod cargo;
mod encode;

pub use cargo::{BuildError, Cargo};
pub use encode::{EncodeError, SECTION, componentise, embed};

/// The only target whose components import nothing.
pub const TARGET: &str = "wasm32-unknown-unknown";
